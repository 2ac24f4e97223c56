"""What passes the public door: one row for each operation that a service documents.

A new operation gets its row here; until then the edge refuses it. What a row asks for beside being signed in is
explained at `Route`; the levels follow the rule that who binds himself or others by what he does is known by his real
name (2), and who only looks at what is his own has shown at least his telephone (1).
"""

from datetime import date
from typing import Final

from gateway.edge.routes import Route, ServiceRoutes

_MEBIBYTE: Final = 1024 * 1024

catalog = ServiceRoutes("catalog")
credit = ServiceRoutes("credit")
datashare = ServiceRoutes("datashare")
gateway = ServiceRoutes("gateway")
intake = ServiceRoutes("intake")
workflow = ServiceRoutes("workflow")

CATALOG: Final = (
    catalog.get("/agencies", public=True),
    catalog.get("/calendar", public=True),
    catalog.post("/guide-versions", level=2),
    catalog.get("/guide-versions/{version_id}", level=2),
    catalog.put("/guide-versions/{version_id}", level=2),
    catalog.post("/guide-versions/{version_id}/approval", level=2),
    catalog.post("/guide-versions/{version_id}/check", level=2),
    catalog.post("/guide-versions/{version_id}/publication", level=2),
    catalog.post("/guide-versions/{version_id}/suspension", level=2),
    catalog.post("/guide-versions/{version_id}/withdrawal", level=2),
    catalog.get("/guides/{code}", public=True),
    catalog.get("/guides/{code}/versions", public=True),
    catalog.get("/halls", public=True),
    catalog.post("/item-imports", level=2, rate="upload", body_bytes=16 * _MEBIBYTE, seconds=60),
    catalog.get("/item-imports/{import_id}", level=2),
    catalog.get("/items", public=True, rate="search"),
    catalog.get("/obstacle-totals", public=True),
    catalog.get("/obstacles", public=True),
    catalog.post("/obstacles", level=2),
    catalog.get("/obstacles/{obstacle_id}", public=True),
    catalog.post("/obstacles/{obstacle_id}/assignment", level=2),
    catalog.post("/obstacles/{obstacle_id}/return", level=2),
    catalog.post("/obstacles/{obstacle_id}/solution", level=2),
    catalog.post("/obstacles/{obstacle_id}/verification", level=2),
    catalog.get("/regions", public=True),
)

CREDIT: Final = (
    credit.get("/records", public=True),
    credit.get("/records/{record_id}", public=True),
    credit.put("/records/{record_id}", level=2),
    credit.post("/records/{record_id}/withdrawal", level=2),
    credit.get("/subjects/{credit_code}", public=True),
)

DATASHARE: Final = (
    datashare.get("/access-records", level=1),
    datashare.get("/access-records/{record_id}", level=1),
    datashare.post("/exchange/{resource_code}", level=2, rate="exchange"),
    datashare.get("/grants", level=2),
    datashare.get("/grants/{grant_id}", level=2),
    datashare.post("/grants/{grant_id}/revocation", level=2),
    datashare.get("/licences/{identifier}", public=True),
    datashare.get("/resource-requests", level=2),
    datashare.post("/resource-requests", level=2),
    datashare.get("/resource-requests/{request_id}", level=2),
    datashare.post("/resource-requests/{request_id}/review", level=2),
    datashare.post("/resource-requests/{request_id}/supply", level=2),
    datashare.post("/resource-requests/{request_id}/withdrawal", level=2),
    datashare.get("/resources", public=True),
    datashare.post("/resources", level=2),
    datashare.get("/resources/{code}", public=True),
    datashare.put("/resources/{code}", level=2),
    datashare.post("/resources/{code}/publication", level=2),
    datashare.post("/resources/{code}/publication-review", level=2),
    datashare.post("/resources/{code}/withdrawal", level=2),
    datashare.post("/resources/{code}/withdrawal-review", level=2),
)

GATEWAY: Final = (
    gateway.post("/authenticator"),
    gateway.delete("/authenticator"),
    gateway.post("/authenticator/confirmation"),
    gateway.get("/clients", level=1),
    gateway.post("/clients", level=2),
    gateway.get("/clients/{client_id}", level=1),
    gateway.put("/clients/{client_id}", level=2),
    gateway.post("/clients/{client_id}/approval", level=2),
    gateway.get("/clients/{client_id}/history", level=1),
    gateway.post("/clients/{client_id}/refusal", level=2),
    gateway.post("/clients/{client_id}/resumption", level=2),
    gateway.post("/clients/{client_id}/secret", level=2),
    gateway.post("/clients/{client_id}/suspension", level=2),
    gateway.post("/clients/{client_id}/termination", level=2),
    gateway.get("/clients/{client_id}/requests", level=1),
    gateway.get("/erasures", level=2),
    gateway.get("/erasures/{erasure_id}", level=2),
    gateway.post("/erasures/{erasure_id}/approval", level=2),
    gateway.post("/erasures/{erasure_id}/refusal", level=2),
    gateway.get("/identities"),
    gateway.delete("/identities/{identity_id}"),
    gateway.get("/consents"),
    gateway.delete("/consents/{client_id}"),
    gateway.post("/guardianships", level=2),
    gateway.post("/legal-persons", level=2),
    gateway.get("/legal-persons/{credit_code}", level=2),
    gateway.put("/legal-persons/{credit_code}/representative", level=2),
    gateway.post("/mandate-requests", level=2),
    gateway.get("/mandates", scope="openid", deprecated=date(2026, 11, 26)),
    gateway.post("/mandates", level=2),
    gateway.get("/mandates/given", level=1),
    gateway.get("/mandates/held", level=1),
    gateway.post("/mandates/look-ups", level=2),
    gateway.get("/mandates/{mandate_id}", level=1),
    gateway.post("/mandates/{mandate_id}/code", level=2),
    gateway.post("/mandates/{mandate_id}/code-confirmation", level=2),
    gateway.post("/mandates/{mandate_id}/confirmation", level=2),
    gateway.post("/mandates/{mandate_id}/refusal", level=1),
    gateway.post("/mandates/{mandate_id}/window-confirmation", level=2),
    gateway.post("/mandates/{mandate_id}/withdrawal", level=1),
    gateway.get("/me", scope="openid"),
    gateway.post("/me/erasure", level=1),
    gateway.delete("/passkeys/{passkey_id}"),
    gateway.patch("/passkeys/{passkey_id}"),
    gateway.put("/password"),
    gateway.get("/phone"),
    gateway.put("/phone"),
    gateway.delete("/phone/change"),
    gateway.post("/phone/codes"),
    gateway.post("/people/look-ups", level=2),
    gateway.post("/people/{person_id}/erasures", level=2),
    gateway.get("/people/{person_id}/identities", level=2),
    gateway.post("/people/{person_id}/recoveries", level=2),
    gateway.get("/people/{person_id}/records", level=2),
    gateway.post("/people/{person_id}/verifications", level=2),
    gateway.get("/records"),
    gateway.post("/recoveries", public=True),
    gateway.post("/recoveries/codes", public=True),
    gateway.post("/recoveries/proofs", public=True),
    gateway.post("/recoveries/second-factors", public=True),
    gateway.post("/recovery-codes"),
    gateway.post("/registrations", public=True),
    gateway.post("/registrations/codes", public=True),
    gateway.post("/registrations/proofs", public=True),
    gateway.get("/routes", level=2),
    gateway.post("/device-requests/approval"),
    gateway.post("/device-requests/look-ups"),
    gateway.post("/device-requests/refusal"),
    gateway.post("/scans/{code}/approval"),
    gateway.post("/scans/{code}/opening"),
    gateway.post("/scans/{code}/refusal"),
    gateway.get("/second-factors"),
    gateway.delete("/sessions"),
    gateway.post("/terminal-batches", seconds=60),
    gateway.post("/terminal-enrolments", public=True),
    gateway.get("/terminals", level=2),
    gateway.post("/terminals", level=2),
    gateway.get("/terminals/{terminal_id}", level=2),
    gateway.put("/terminals/{terminal_id}", level=2),
    gateway.post("/terminals/{terminal_id}/enrolment-codes", level=2),
    gateway.post("/terminals/{terminal_id}/resumption", level=2),
    gateway.post("/terminals/{terminal_id}/suspension", level=2),
    gateway.get("/sessions"),
    gateway.get("/staff", level=2),
    gateway.post("/staff", level=2),
    gateway.get("/staff/{staff_id}", level=2),
    gateway.put("/staff/{staff_id}", level=2),
    gateway.post("/staff/{staff_id}/dismissal", level=2),
    gateway.delete("/sessions/{session_id}"),
    gateway.get("/signing-keys", level=2),
    gateway.post("/signing-keys", level=2),
)

INTAKE: Final = (
    intake.get("/acceptance-authorities", public=True),
    intake.post("/acceptance-authorities", level=2),
    intake.post("/acceptance-authorities/{authority_id}/end", level=2),
    intake.get("/cases", level=1),
    intake.post("/cases", level=1),
    intake.delete("/cases/{case_id}", level=1),
    intake.get("/cases/{case_id}", level=1),
    intake.post("/cases/{case_id}/acceptance", level=2),
    intake.put("/cases/{case_id}/answers", level=1),
    intake.post("/cases/{case_id}/correction-notice", level=2),
    intake.post("/cases/{case_id}/corrections", level=2),
    intake.post("/cases/{case_id}/delivery", level=2),
    intake.get("/cases/{case_id}/documents", level=1),
    intake.get("/cases/{case_id}/evidence", level=1),
    intake.post("/cases/{case_id}/evidence", level=2),
    intake.put("/cases/{case_id}/form", level=1),
    intake.delete("/cases/{case_id}/materials/{material_code}", level=1),
    intake.put(
        "/cases/{case_id}/materials/{material_code}", level=1, rate="upload", body_bytes=1024 * _MEBIBYTE, seconds=60
    ),
    intake.get("/cases/{case_id}/materials/{material_code}/content", level=1),
    intake.post("/cases/{case_id}/on-the-spot-correction", level=2),
    intake.get("/cases/{case_id}/receipt", level=1),
    intake.post("/cases/{case_id}/refusal", level=2),
    intake.post("/cases/{case_id}/submission", level=2),
    intake.get("/cases/{case_id}/timeline", level=1),
    intake.post("/cases/{case_id}/unmasking", level=2),
    intake.post("/cases/{case_id}/withdrawal", level=2),
)

WORKFLOW: Final = (
    workflow.post("/clock-stops/{stop_id}/end", level=2),
    workflow.get("/conservation", public=True),
    workflow.get("/conservation/findings", level=2),
    workflow.post("/conservation/runs", level=2),
    workflow.get("/conservation/runs/{run_id}", level=2),
    workflow.get("/definitions", level=2),
    workflow.post("/definitions", level=2),
    workflow.get("/licences/{licence_id}", level=1),
    workflow.get("/proceedings", level=2),
    workflow.get("/proceedings/{proceeding_id}", level=2),
    workflow.post("/proceedings/{proceeding_id}/clock-stops", level=2),
    workflow.post("/proceedings/{proceeding_id}/extension", level=2),
    workflow.get("/staff", level=2),
    workflow.get("/tasks", level=2),
    workflow.get("/tasks/{task_id}", level=2),
    workflow.post("/tasks/{task_id}/claim", level=2),
    workflow.post("/tasks/{task_id}/completion", level=2),
    workflow.post("/tasks/{task_id}/release", level=2),
)

_ONE_HELD_UP: Final = "/events/held-up/{side}/{topic}/{key}"

EVENTS: Final = tuple(
    row
    for service in (catalog, credit, datashare, gateway, intake, workflow)
    for row in (
        service.get("/events/discarded", level=2),
        service.get("/events/flow", level=2),
        service.get("/events/held-up", level=2),
        service.get(_ONE_HELD_UP, level=2),
        service.post(f"{_ONE_HELD_UP}/discard", level=2),
        service.post(f"{_ONE_HELD_UP}/replay", level=2),
        service.get("/events/rebuilds", level=2),
        service.post("/events/rebuilds", level=2),
        service.get("/events/rebuilds/{rebuild_id}", level=2),
        service.post("/events/rebuilds/{rebuild_id}/abandonment", level=2),
        service.post("/events/rebuilds/{rebuild_id}/swap", level=2),
        service.post("/events/replays", level=2),
    )
)
"""What operators need of every service."""

ROUTES: Final[tuple[Route, ...]] = (*CATALOG, *CREDIT, *DATASHARE, *GATEWAY, *INTAKE, *WORKFLOW, *EVENTS)
