/* CardDAV and CalDAV as a source: the session. */
#include "backends/dav/dav.h"
#include "backends/dav/dav_private.h"

#include <libxml/parser.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
init(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
	xmlInitParser();
	dav_url_init();
}

/* The address in one spelling, with the user's name in it. */
static const char *
fill_in(struct dav *d, const char *url)
{
	struct arena *a = d->own;
	struct span rest, before, name;
	ptrdiff_t at;

	if (url == NULL)
		return NULL;
	rest = span_of(url);
	at = span_find(rest, SPAN("{login}"));
	if (at >= 0) {
		name = percent_encode(a, span_of(d->login.user));
		before = span_first(rest, (size_t)at);
		rest = span_from_at(rest, (size_t)at + 7);
		rest = span_of(arena_printf(
			a, SPAN_FMT SPAN_FMT SPAN_FMT, SPAN_ARG(before),
			SPAN_ARG(name), SPAN_ARG(rest)));
	}
	return dav_url(a, arena_str(a, rest), rest);
}

static void
take_conf(struct dav *d, const struct source_conf *conf)
{
	d->conf = (struct source_conf){ .kind = SOURCE_DAV,
					.verify = conf->verify };
	d->conf.url = fill_in(d, conf->url);
	d->conf.contacts_url = fill_in(d, conf->contacts_url);
	d->conf.calendars_url = fill_in(d, conf->calendars_url);
	if (conf->ca_file != NULL)
		d->conf.ca_file = arena_str(d->own, span_of(conf->ca_file));
	d->base = d->conf.url != NULL            ? d->conf.url
		  : d->conf.contacts_url != NULL ? d->conf.contacts_url
						 : d->conf.calendars_url;
	if (d->base != NULL)
		d->base = dav_origin_of(d->own, d->base);
}

static void
dav_close(void *s)
{
	struct dav *d = s;

	if (d->easy != NULL)
		curl_easy_cleanup(d->easy);
	login_wipe(&d->login);
	arena_free(&d->found);
	arena_free(&d->own);
	free(d);
}

/* Nothing is asked yet: each call says by itself whether the login is right,
 * and a collection's name is enough for all but the list of collections. */
static void *
dav_open(const struct source_conf *conf, const struct login *login,
	 int64_t deadline_ms, struct err *e)
{
	struct dav *d = xcalloc(1, sizeof(*d));

	pthread_once(&once, init);
	d->own = arena_new();
	d->login = *login;
	d->deadline_ms = deadline_ms;
	if (conf->username != NULL)
		snprintf(d->login.user, sizeof(d->login.user), "%s",
			 conf->username);
	take_conf(d, conf);
	d->easy = curl_easy_init();
	if (d->base != NULL && d->easy != NULL)
		return d;
	err_set(e, d->easy == NULL ? ERR_BUG : ERR_INVALID, SCOPE_ACCOUNT,
		d->easy == NULL ? "libcurl does not start"
				: "no usable address of a DAV server");
	dav_close(d);
	return NULL;
}

static void
dav_deadline(void *s, int64_t deadline_ms)
{
	((struct dav *)s)->deadline_ms = deadline_ms;
}

/* Requests stand alone: a connection that died is replaced by libcurl. */
static bool
dav_alive(void *s, struct err *e)
{
	(void)s;
	(void)e;
	return true;
}

const struct source_ops dav_ops = {
	.name = "dav",
	.open = dav_open,
	.close = dav_close,
	.deadline = dav_deadline,
	.alive = dav_alive,
	.list = dav_list,
	.changes = dav_changes,
	.inventory = dav_inventory,
	.status_round = dav_status_round,
	.pour = dav_pour,
	.get = dav_get,
	.put = dav_put,
	.remove = dav_remove,
	.create_coll = dav_create_coll,
	.rename_coll = dav_rename_coll,
	.delete_coll = dav_delete_coll,
	.free_busy = dav_free_busy,
	.schedules = dav_schedules,
};
