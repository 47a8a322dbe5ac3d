"""The application: `create_app` and the pages. No SQL here; errors are answered in `error_pages`.

/                     the list, the search and the progress
/images/<id>          one image: its pages, their lines as boxes over the picture (`image_view`)
/images/<id>/trial    another reading of it beside its text (`trial_view`)
/review               doubtful lines, one after the other (`review_view`)
/fragments/live       progress and list alone, for the script that keeps them up to date
/fragments/facets     by what the list can be narrowed, for the script that shows it beside the list
/images/<id>.<format>, /export/<format>.zip, /export.csv  texts to take away (`export_routes`)
/previews/<id>/<page>, /thumbnails/<id>/<page>, /temp.png pictures
/actions/…            buttons (`web_actions`, `line_actions`)  /api/v1/…  for programs (`web_api`)
/events               live counts (see `live`)     /livez, /readyz
/login, /logout       where there is a password (`login`)
"""

import os

from flask import Flask, Response, jsonify, render_template, request

import behind_proxy
import compression
import error_pages
import export_routes
import facet_groups
import form_tokens
import image_view
import line_actions
import list_place
import live_route
import login
import notices
import page_tokens
import parameters
import pictures
import queries
import review_view
import searches
import security
import site_context
import template_filters
import trial_view
import web_actions
import web_api
import web_settings
from image_records import ImageFilter
from ocr_contract.data_folder import LATEST_PICTURE
from ocr_contract.search.marks import Marker
from ocr_contract.search.states import STATE_FILTERS
from site_context import current_site
from web_errors import WebError

MAX_FORM_BYTES = 32 * 1024
"""The longest correction, each character of it twelve bytes in a form, and some more."""


def create_app(settings: web_settings.WebSettings | None = None) -> Flask:
    """The WSGI application; without `settings` they come from the environment."""
    settings = settings or web_settings.or_exit(os.environ)
    # The module is a path root and no package, so Flask is told where templates and files lie.
    app = Flask("app", template_folder="templates", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.config["MAX_FORM_PARTS"] = 20
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    site = site_context.build(settings)
    app.extensions[site_context.EXTENSION] = site
    template_filters.register(app)
    form_tokens.register(app, site.guard)
    behind_proxy.install(app, settings)
    app.before_request(_check_origin)
    app.before_request(behind_proxy.refuse_outside)
    app.before_request(login.require_session)
    compression.install(app)
    app.after_request(security.protect)
    error_pages.register(app)
    app.register_blueprint(web_api.blueprint)
    app.register_blueprint(web_actions.blueprint)
    app.register_blueprint(login.blueprint)
    app.register_blueprint(image_view.blueprint)
    app.register_blueprint(export_routes.blueprint)
    app.register_blueprint(line_actions.blueprint)
    app.register_blueprint(review_view.blueprint)
    app.register_blueprint(trial_view.blueprint)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/fragments/live", view_func=live_fragment)
    app.add_url_rule("/fragments/facets", view_func=facets_fragment)
    app.add_url_rule("/temp.png", view_func=latest_picture)
    app.add_url_rule("/events", view_func=live_route.events)
    app.add_url_rule("/livez", view_func=livez)
    app.add_url_rule("/readyz", view_func=readyz)
    return app


def index() -> str:
    """The list with everything around it."""
    notice = notices.find(request.args.get("notice", ""))
    shown = _facets_context() if request.args.get("narrow") else {"facets": None}
    return render_template("index.html", **_list_context(), **shown, notice=notice)


def live_fragment() -> str:
    """Progress and list alone, as the script wants them."""
    return render_template("live.html", **_list_context())


def facets_fragment() -> str:
    """By what the list can be narrowed."""
    return render_template("facets.html", **_facets_context())


def _facets_context() -> dict[str, object]:
    wanted, state, query = parameters.image_filter(request, default_state="latest")
    if state == "latest" and wanted.query is None:
        wanted = ImageFilter()  # what is narrowed from there is looked for in every state
    with current_site().reading() as connection:
        found = facet_groups.count(connection, wanted)
    return {
        "facets": found,
        "facet_groups": facet_groups.groups(found, query),
        "facets_state": None if state in ("latest", "all") else state,
        "most_shown": facet_groups.MOST_SHOWN,
    }


def _list_context() -> dict[str, object]:
    site = current_site()
    wanted, state, query = parameters.image_filter(request, default_state="latest")
    size = parameters.page_size(request, site.settings.page_size)
    found = None
    if wanted.query is not None:
        place = parameters.search_place(request)
        is_first_page = place is None
        with site.reading() as connection:
            found = searches.search(
                connection, wanted, place=place, limit=size, limit_s=site.settings.query_limit_s
            )
            live = site.snapshot(connection)
        images, next_token = found.images, found.next_token
    else:
        after = parameters.after(request)
        is_first_page = after is None
        with site.reading() as connection:
            images, following = queries.list_images(connection, wanted, after=after, limit=size)
            live = site.snapshot(connection)
        next_token = page_tokens.encode(following) if following else None
    return {
        "live": live,
        "latest_picture": site.latest_picture_version(),
        "images": images,
        "search": found,
        "marker": Marker(wanted.query.tree) if wanted.query else None,
        "state": state,
        "query": query,
        "states": STATE_FILTERS,
        "is_first_page": is_first_page,
        "next_token": next_token,
        "place": list_place.of(request).address,
    }


def latest_picture() -> Response:
    """The page read last, with its boxes drawn."""
    folder = current_site().settings.data_folder
    return pictures.send(folder, LATEST_PICTURE, immutable=False)


def livez() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


def readyz() -> Response:
    """The database can be read."""
    try:
        with current_site().reading() as connection:
            queries.counts(connection)
    except WebError as error:
        return web_api.error_reply(error, retry_after_s=error_pages.BUSY_RETRY_S)
    return jsonify({"status": "ok"})


def _check_origin() -> None:
    security.check_host(request.host, current_site().settings.allowed_hosts)
    security.check_site(request)
