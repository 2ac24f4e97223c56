"""Requests 共享申请: an agency asks for a resource, the platform and the provider answer in time."""
