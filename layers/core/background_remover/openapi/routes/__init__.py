"""Every route of the API but preflights and the catch-all, in the order in which the document shows them."""

from background_remover.openapi.routes import account, batches, images, jobs, remove_bg, service, webhooks

ROUTES = (
    *images.ROUTES,
    *batches.ROUTES,
    *jobs.ROUTES,
    *account.ROUTES,
    *webhooks.ROUTES,
    *remove_bg.ROUTES,
    *service.ROUTES,
)
