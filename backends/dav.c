/* CardDAV and CalDAV as a source. What providers do differently is told
 * where it is handled; docs/providers.md names them. */
#include "backends/dav_private.h"

#include <pthread.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
init(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
	xmlInitParser();
}

/* scheme://host:port of the first address there is. */
static char *
base_of(const struct source_conf *c)
{
	const char *url = c->url != NULL            ? c->url
			  : c->contacts_url != NULL ? c->contacts_url
						    : c->calendars_url;
	const char *host = strstr(url, "://");
	size_t n;
	char *out;

	host = host != NULL ? host + 3 : url;
	n = (size_t)(host - url) + strcspn(host, "/");
	out = xmalloc(n + 1);
	memcpy(out, url, n);
	out[n] = '\0';
	return out;
}

static const char *
keep(struct arena *a, const char *s)
{
	return s != NULL ? arena_str(a, span_of(s)) : NULL;
}

static void
dav_close(void *s)
{
	struct dav *d = s;

	if (d->easy != NULL)
		curl_easy_cleanup(d->easy);
	login_wipe(&d->login);
	arena_free(&d->own);
	free(d->base);
	free(d);
}

static void *
dav_open(const struct source_conf *conf, const struct login *login,
	 int64_t deadline_ms, struct err *e)
{
	struct dav *d = xcalloc(1, sizeof(*d));

	pthread_once(&once, init);
	d->own = arena_new();
	d->copy = *conf;
	d->copy.url = keep(d->own, conf->url);
	d->copy.contacts_url = keep(d->own, conf->contacts_url);
	d->copy.calendars_url = keep(d->own, conf->calendars_url);
	d->copy.ca_file = keep(d->own, conf->ca_file);
	d->conf = &d->copy;
	d->login = *login;
	d->deadline_ms = deadline_ms;
	d->base = base_of(conf);
	/* Basic goes along at once; Digest where the server insists on it
	 * costs a round trip for each request. */
	d->auth = CURLAUTH_BASIC | CURLAUTH_DIGEST;
	d->easy = curl_easy_init();
	if (d->easy == NULL) {
		err_set(e, ERR_BUG, SCOPE_ACCOUNT, "libcurl does not start");
		dav_close(d);
		return NULL;
	}
	return d;
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
	.status_round = dav_status_round,
	.get = dav_get,
	.put = dav_put,
	.remove = dav_remove,
	.create_coll = dav_create_coll,
	.rename_coll = dav_rename_coll,
	.delete_coll = dav_delete_coll,
};
