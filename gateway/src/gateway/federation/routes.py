"""Where the pages and endpoints of federation are."""

from fastapi import APIRouter

from gateway.federation import pages

router = APIRouter(include_in_schema=False)

router.add_route("/federation/{provider}", pages.start, methods=["GET"])
router.add_route("/federation/{provider}/link", pages.start_linking, methods=["GET"])
router.add_route("/federation/{provider}/callback", pages.come_back, methods=["GET"])
router.add_route("/federation/{provider}/logout", pages.take_logout, methods=["POST"])
router.add_route("/federation/{provider}/jwks", pages.keys, methods=["GET"])
router.add_route("/federation/{provider}/signed-out", pages.signed_out, methods=["GET"])
router.add_route(pages.IDENTITIES, pages.show_identities, methods=["GET"])
router.add_route(pages.IDENTITIES + "/{link}/unlink", pages.take_unlinking, methods=["POST"])
