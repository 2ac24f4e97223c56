"""Where the hand-over by CAS is."""

from fastapi import APIRouter

from gateway.cas import pages, validation

router = APIRouter(include_in_schema=False)

router.add_route(pages.PATH, pages.login, methods=["GET"])
router.add_route("/cas/consent", pages.take_consent, methods=["POST"])
router.add_route("/cas/logout", pages.logout, methods=["GET"])
router.add_route("/cas/validate", validation.validate_1, methods=["GET"])
router.add_route("/cas/serviceValidate", validation.service_validate, methods=["GET"])
router.add_route("/cas/p3/serviceValidate", validation.service_validate_3, methods=["GET"])
