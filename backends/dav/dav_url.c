/* Addresses: one spelling for each, and whom the password may go to. */
#include "backends/dav/dav_private.h"

#include <libpsl.h>
#include <string.h>

static psl_ctx_t *suffixes;

void
dav_url_init(void)
{
	suffixes = psl_latest(NULL);
}

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Never escaped; all else always is (but / and what was escaped): some
 * servers read + ; = & in another way when they are not. */
static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~@:!'()*,$", c) != NULL);
}

static char *
put_byte(char *p, unsigned char c, bool escape)
{
	static const char digits[] = "0123456789ABCDEF";

	if (!escape) {
		*p++ = (char)c;
		return p;
	}
	*p++ = '%';
	*p++ = digits[c >> 4];
	*p++ = digits[c & 15];
	return p;
}

/* Servers spell one path in several ways (python-caldav, providers.md 4.4):
 * "@" and "%40", "%2f" and "%2F". */
static struct span
one_spelling(struct arena *a, struct span path)
{
	char *out = arena_alloc(a, path.n * 3 + 1), *p = out;
	size_t i;

	for (i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		int hi = i + 2 < path.n ? hex_of(path.p[i + 1]) : -1;
		int lo = hi >= 0 ? hex_of(path.p[i + 2]) : -1;

		if (c == '%' && lo >= 0) {
			c = (unsigned char)(hi << 4 | lo);
			i += 2;
			p = put_byte(p, c, !is_plain(c));
		} else {
			p = put_byte(p, c, !is_plain(c) && c != '/');
		}
	}
	return span_from(out, (size_t)(p - out));
}

/* Up to a query or fragment. */
static struct span
bare(struct span href)
{
	size_t i;

	for (i = 0; i < href.n && href.p[i] != '?' && href.p[i] != '#'; i++)
		;
	return span_first(href, i);
}

static const char *
url_part(struct arena *a, const char *url, CURLUPart part)
{
	CURLU *u = curl_url();
	char *text = NULL;
	const char *out = NULL;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, part, &text, 0) == CURLUE_OK)
		out = arena_str(a, span_of(text));
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

const char *
dav_origin_of(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://");

	if (host == NULL)
		return "";
	return arena_str(a, span_from(url, (size_t)(host + 3 - url) +
						   strcspn(host + 3, "/?#")));
}

const char *
dav_url(struct arena *a, const char *from, struct span href)
{
	CURLU *u = curl_url();
	struct span clean = one_spelling(a, span_trim(bare(href)));
	char *text = NULL;
	const char *out = NULL;

	if (clean.n > 0 && clean.n <= 8000 &&
	    curl_url_set(u, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, arena_str(a, clean),
			 CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK &&
	    (span_starts(span_of(text), SPAN("http://")) ||
	     span_starts(span_of(text), SPAN("https://"))))
		out = arena_str(a, span_of(text));
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

struct span
dav_path(struct arena *a, const char *from, struct span href)
{
	struct span clean = one_spelling(a, span_trim(bare(href)));
	const char *url, *path;

	/* Escaped dots count too: they are plain by now. */
	if (span_starts(clean, SPAN("/")) && !span_starts(clean, SPAN("//")) &&
	    span_find(clean, SPAN("/.")) < 0)
		return clean;
	url = dav_url(a, from, href);
	if (url == NULL)
		return SPAN_NONE;
	path = strchr(strstr(url, "://") + 3, '/');
	while (path != NULL && path[1] == '/')
		path++;
	return path != NULL ? span_of(path) : SPAN("/");
}

bool
dav_is_https(const char *url)
{
	return span_starts(span_of(url), SPAN("https://"));
}

static bool
is_address(const char *host)
{
	return strchr(host, ':') != NULL ||
	       strspn(host, "0123456789.") == strlen(host);
}

/* Both below one name that somebody registered? Two labels do not say so:
 * "a.co.uk" and "b.co.uk". */
static bool
same_owner(const char *one, const char *two)
{
	const char *x, *y;

	if (suffixes == NULL || is_address(one) || is_address(two))
		return false;
	x = psl_registrable_domain(suffixes, one);
	y = psl_registrable_domain(suffixes, two);
	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

static bool
trusts_as(struct arena *a, const char *known, const char *url)
{
	const char *k = url_part(a, known, CURLUPART_HOST);
	const char *u = url_part(a, url, CURLUPART_HOST);
	char *lower;

	if (k == NULL || u == NULL ||
	    (dav_is_https(known) && !dav_is_https(url)))
		return false;
	k = lower = arena_str(a, span_of(k));
	for (; *lower; lower++)
		*lower |= *lower >= 'A' && *lower <= 'Z' ? 0x20 : 0;
	u = lower = arena_str(a, span_of(u));
	for (; *lower; lower++)
		*lower |= *lower >= 'A' && *lower <= 'Z' ? 0x20 : 0;
	return strcmp(k, u) == 0 || (dav_is_https(url) && same_owner(k, u));
}

bool
dav_trusts(const struct dav *d, const char *url)
{
	const char *known[] = { d->conf.url, d->conf.contacts_url,
				d->conf.calendars_url };
	struct arena *a = arena_new();
	bool ok = false;
	size_t i;

	for (i = 0; i < 3 && !ok; i++)
		ok = known[i] != NULL && trusts_as(a, known[i], url);
	arena_free(&a);
	return ok;
}

const char *
dav_slash(struct arena *a, const char *url)
{
	size_t n = strlen(url);

	return n > 0 && url[n - 1] == '/' ? url : arena_printf(a, "%s/", url);
}

struct span
dav_remote(const struct dav *d, struct arena *a, const char *url)
{
	size_t n = strlen(d->base);

	url = dav_slash(a, url);
	if (strncmp(url, d->base, n) == 0 && url[n] == '/')
		return span_of(url + n);
	return span_of(url);
}

const char *
dav_coll_url(const struct dav *d, struct arena *a, struct span remote,
	     struct span *comp, struct err *e)
{
	struct span rest = remote, path = span_take_until(&rest, '#');
	const char *url = NULL;

	if (span_starts(path, SPAN("/")))
		url = arena_printf(a, "%s" SPAN_FMT, d->base, SPAN_ARG(path));
	else if (span_starts(path, SPAN("http")))
		url = arena_str(a, path);
	if (url == NULL || path.n > 8000) {
		err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
			"no name of a DAV collection");
		return NULL;
	}
	if (comp != NULL)
		*comp = rest;
	return url;
}

const char *
dav_object_url(struct arena *a, const char *coll, struct span remote)
{
	return arena_printf(a, "%s" SPAN_FMT, dav_origin_of(a, coll),
			    SPAN_ARG(dav_path(a, coll, remote)));
}
