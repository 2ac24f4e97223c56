"""Where the pages and endpoints of the OpenID Provider are."""

from fastapi import APIRouter

from gateway import pages
from gateway.choices import pages as choices
from gateway.devices import routes as devices
from gateway.oidc import discovery, endpoints
from gateway.oidc.authorize import authorize
from gateway.oidc.introspection import PATH as INTROSPECTION
from gateway.oidc.introspection import introspection
from gateway.oidc.logout import PATH as END_SESSION
from gateway.oidc.logout import end_session
from gateway.oidc.pushed_requests import PATH as PUSHED_REQUESTS
from gateway.oidc.pushed_requests import push
from gateway.scans import routes as scans
from gateway.signin import routes as signin
from gateway.signin.account import ACCOUNT_HOME, SESSIONS, go_to_account, show_account, show_sessions, take_sessions

router = APIRouter(include_in_schema=False)

for _path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
    router.add_route(_path, discovery.discovery, methods=["GET"])
router.add_route("/oauth/jwks", discovery.jwks, methods=["GET"])
router.add_route("/oauth/authorize", authorize, methods=["GET", "POST"])
router.add_route(PUSHED_REQUESTS, push, methods=["POST"])
router.add_route(endpoints.EXCHANGE, endpoints.token, methods=["POST"])
router.add_route(endpoints.USERINFO, endpoints.userinfo, methods=["GET", "POST"])
router.add_route(endpoints.DEVICE_AUTHORIZATION, devices.ask_for_device, methods=["POST"])
router.add_route("/oauth/revoke", endpoints.revocation, methods=["POST"])
router.add_route(INTROSPECTION, introspection, methods=["POST"])
router.add_route(END_SESSION, end_session, methods=["GET", "POST"])
for _path in (
    PUSHED_REQUESTS,
    endpoints.DEVICE_AUTHORIZATION,
    endpoints.EXCHANGE,
    endpoints.USERINFO,
    "/oauth/revoke",
):
    router.add_route(_path, endpoints.preflight, methods=["OPTIONS"])
router.add_route("/sign-in", signin.show_sign_in, methods=["GET"])
router.add_route("/sign-in", signin.take_sign_in, methods=["POST"])
router.add_route(choices.PATH, choices.show_choice, methods=["GET"])
router.add_route(choices.PATH, choices.take_choice, methods=["POST"])
router.add_route("/consent", signin.show_consent, methods=["GET"])
router.add_route("/consent", signin.take_consent, methods=["POST"])
router.add_route(scans.SCREEN, scans.show_code, methods=["POST"])
router.add_route(scans.SCREEN, scans.wait_for_phone, methods=["GET"])
router.add_route(scans.PHONE, scans.show_scan, methods=["GET"])
router.add_route(scans.PHONE, scans.take_scan, methods=["POST"])
router.add_route(devices.PAGE, devices.show_device, methods=["GET"])
router.add_route(devices.PAGE, devices.take_device, methods=["POST"])
router.add_route("/", go_to_account, methods=["GET"])
router.add_route(ACCOUNT_HOME, show_account, methods=["GET"])
router.add_route(SESSIONS, show_sessions, methods=["GET"])
router.add_route(SESSIONS, take_sessions, methods=["POST"])
router.add_route(pages.STYLE_PATH, pages.style, methods=["GET"])
for _path in (pages.ONCE_PATH, pages.PASSKEYS_PATH):
    router.add_route(_path, pages.script, methods=["GET"])
