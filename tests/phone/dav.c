#include "tests/phone/dav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/private.h"

/* ---- which server ------------------------------------------------------*/

static void
set_origin(struct dav_side *d, const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = host ? strchr(host + 3, '/') : NULL;

	snprintf(d->origin, sizeof(d->origin), "%.*s",
		 end ? (int)(end - url) : (int)strlen(url), url);
}

static void
radicale(struct harness *h, struct dav_side *d)
{
	const struct harness_user *u = &h->users[d->user];

	set_origin(d, h->dav);
	snprintf(d->url, sizeof(d->url), "%s/", d->origin);
	snprintf(d->login, sizeof(d->login), "%s", u->login);
	snprintf(d->book, sizeof(d->book), "/%s/contacts/", u->login);
	snprintf(d->calendar, sizeof(d->calendar), "/%s/calendar/", u->login);
}

static void
cyrus(struct harness *h, struct dav_side *d)
{
	const struct harness_user *u = &h->users[d->user];

	set_origin(d, h->cyrus);
	snprintf(d->url, sizeof(d->url), "%sprincipals/user/%s/", h->cyrus,
		 u->email);
	snprintf(d->login, sizeof(d->login), "%s", u->email);
	snprintf(d->book, sizeof(d->book), "/dav/addressbooks/user/%s/Default/",
		 u->email);
	snprintf(d->calendar, sizeof(d->calendar),
		 "/dav/calendars/user/%s/Default/", u->email);
}

static void
xandikos(struct harness *h, struct dav_side *d)
{
	set_origin(d, h->xandikos);
	snprintf(d->url, sizeof(d->url), "%suser1/", h->xandikos);
	snprintf(d->login, sizeof(d->login), "user1");
	snprintf(d->book, sizeof(d->book), "/user1/contacts/addressbook/");
	snprintf(d->calendar, sizeof(d->calendar),
		 "/user1/calendars/calendar/");
}

bool
dav_side(struct harness *h, const char *name, int user, struct dav_side *d)
{
	const char *base = !strcmp(name, "Cyrus")      ? h->cyrus
			   : !strcmp(name, "Xandikos") ? h->xandikos
						       : h->dav;

	memset(d, 0, sizeof(*d));
	d->name = name;
	d->user = user;
	snprintf(d->password, sizeof(d->password), "%s",
		 h->users[user].password);
	if (!*base)
		return false;
	if (base == h->cyrus)
		cyrus(h, d);
	else if (base == h->xandikos)
		xandikos(h, d);
	else
		radicale(h, d);
	return true;
}

void
dav_configure(struct harness *h, const struct dav_side *d, const char *more)
{
	char *text = bytes_format("\n[dav]\nurl = %s\nusername = %s\n"
				  "poll = 1\n%s",
				  d->url, d->login, more ? more : "");

	harness_more(h, d->user, text);
	free(text);
}

void
dav_close(struct dav_side *d)
{
	if (d->curl)
		curl_easy_cleanup(d->curl);
	d->curl = NULL;
}

/* ---- requests ----------------------------------------------------------*/

static size_t
take(char *data, size_t size, size_t n, void *ctx)
{
	bytes_put(ctx, data, size * n);
	return size * n;
}

char *
dav_ask(struct dav_side *d, const char *method, const char *path,
	const char *const *headers, const void *body, size_t n)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	char url[1024];
	struct bytes out = { 0 };
	long status = 0;
	CURL *c;

	if (!d->curl)
		d->curl = curl_easy_init();
	c = d->curl;
	curl_easy_reset(c);
	for (; headers && *headers; headers++)
		list = curl_slist_append(list, *headers);
	snprintf(url, sizeof(url), "%s%s", d->origin, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 120000L);
	curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(c, CURLOPT_USERNAME, d->login);
	curl_easy_setopt(c, CURLOPT_PASSWORD, d->password);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &out);
	if (body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	}
	if (curl_easy_perform(c) == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	d->status = (int)status;
	return out.p ? out.p : strdup("");
}

static const char *
type_of(const char *text)
{
	return strstr(text, "BEGIN:VCALENDAR")
		       ? "Content-Type: text/calendar; charset=utf-8"
		       : "Content-Type: text/vcard; charset=utf-8";
}

void
dav_put_raw(struct dav_side *d, const char *path, const void *text, size_t n)
{
	const char *headers[] = { type_of(text), NULL };
	char *out = dav_ask(d, "PUT", path, headers, text, n);

	if (d->status / 100 != 2)
		phone_failf("%s: PUT %s: %d\n%s", d->name, path, d->status,
			    out);
	free(out);
}

void
dav_put(struct dav_side *d, const char *path, const char *text)
{
	char *lines = crlf(text);

	dav_put_raw(d, path, lines, strlen(lines));
	free(lines);
}

/* Radicale reads all names for each PUT: a thousand of them take minutes. A
 * whole collection loses its properties, so what is one calendar in the end
 * is one text, too. */
static void
fill_whole(struct dav_side *d, const char *coll, char *const *texts, size_t n)
{
	bool cards = n > 0 && strstr(texts[0], "BEGIN:VCARD");
	struct bytes b = { 0 };
	const char *from, *to;
	char *lines;
	size_t i;

	for (i = 0; i < n; i++) {
		from = cards ? texts[i] : strstr(texts[i], "BEGIN:VEVENT");
		to = cards ? from + strlen(from)
			   : strstr(from, "END:VCALENDAR");
		if (i == 0 && !cards)
			bytes_str(&b, "BEGIN:VCALENDAR\nVERSION:2.0\n"
				      "PRODID:-//x//y//\n");
		bytes_put(&b, from, (size_t)(to - from));
	}
	if (!cards)
		bytes_str(&b, "END:VCALENDAR\n");
	lines = crlf(b.p);
	dav_put_raw(d, coll, lines, strlen(lines));
	free(lines);
	bytes_free(&b);
}

void
dav_fill(struct dav_side *d, const char *coll, char *const *names,
	 char *const *texts, size_t n)
{
	char path[512];
	size_t i;

	if (!strcmp(d->name, "Radicale")) {
		fill_whole(d, coll, texts, n);
		return;
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s%s", coll, names[i]);
		dav_put(d, path, texts[i]);
	}
}

char *
dav_get(struct dav_side *d, const char *path)
{
	char *out = dav_ask(d, "GET", path, NULL, NULL, 0);

	if (d->status == 200)
		return out;
	if (d->status != 404 && d->status != 410)
		phone_failf("%s: GET %s: %d", d->name, path, d->status);
	free(out);
	return NULL;
}

void
dav_delete(struct dav_side *d, const char *path)
{
	free(dav_ask(d, "DELETE", path, NULL, NULL, 0));
	if (d->status / 100 != 2)
		phone_failf("%s: DELETE %s: %d", d->name, path, d->status);
}

/* ---- collections -------------------------------------------------------*/

/* Names in a multistatus, whatever the prefix: texts of all elements with
 * that local name, one a line. */
static void
texts_of(xmlNodePtr n, const char *name, struct bytes *out)
{
	for (; n; n = n->next) {
		xmlChar *text;

		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (strcmp((const char *)n->name, name) != 0) {
			texts_of(n->children, name, out);
			continue;
		}
		text = xmlNodeGetContent(n);
		bytes_printf(out, "%s\n", (char *)text);
		xmlFree(text);
	}
}

static char *
listed(struct dav_side *d, const char *coll, const char *name)
{
	static const char ask[] =
		"<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop>"
		"<getetag/></prop></propfind>";
	const char *headers[] = { "Depth: 1", "Content-Type: text/xml", NULL };
	char *xml = dav_ask(d, "PROPFIND", coll, headers, ask, sizeof(ask) - 1);
	xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
				      XML_PARSE_NONET);
	struct bytes out = { 0 };

	if (d->status != 207 || !doc)
		phone_failf("%s: PROPFIND %s: %d", d->name, coll, d->status);
	bytes_str(&out, "");
	texts_of(xmlDocGetRootElement(doc), name, &out);
	xmlFreeDoc(doc);
	free(xml);
	return out.p;
}

char *
dav_paths(struct dav_side *d, const char *coll)
{
	char *all = listed(d, coll, "href"), *at = all, *path;
	struct bytes out = { 0 };

	bytes_str(&out, "");
	while ((path = strsep(&at, "\n")) != NULL)
		if (*path && path[strlen(path) - 1] != '/')
			bytes_printf(&out, "%s\n", path);
	free(all);
	return out.p;
}

/* Calls fn with path and text of each object; stops where it says true. */
static void
each(struct dav_side *d, const char *coll,
     bool (*fn)(void *ctx, const char *path, const char *text), void *ctx)
{
	char *all = dav_paths(d, coll), *at = all, *path, *text;
	bool stop = false;

	while (!stop && (path = strsep(&at, "\n")) != NULL && *path) {
		text = dav_get(d, path);
		stop = text && fn(ctx, path, text);
		free(text);
	}
	free(all);
}

static bool
gather(void *ctx, const char *path, const char *text)
{
	(void)path;
	bytes_str(ctx, text);
	return false;
}

char *
dav_all(struct dav_side *d, const char *coll)
{
	struct bytes out = { 0 };

	bytes_str(&out, "");
	each(d, coll, gather, &out);
	return out.p;
}

int
dav_count(struct dav_side *d, const char *coll, const char *text)
{
	char *all = dav_all(d, coll), *at = all;
	int n = 0;

	while ((at = strstr(at, text)) != NULL) {
		n++;
		at += strlen(text);
	}
	free(all);
	return n;
}

struct finding {
	const char *text;
	char *path;
	int n;
};

static bool
look(void *ctx, const char *path, const char *text)
{
	struct finding *f = ctx;

	if (!strstr(text, f->text))
		return false;
	f->n++;
	free(f->path);
	f->path = strdup(path);
	return false;
}

char *
dav_find(struct dav_side *d, const char *coll, const char *text)
{
	struct finding f = { .text = text };

	each(d, coll, look, &f);
	if (f.n != 1)
		phone_failf("%s: %d objects with '%s', not one", d->name, f.n,
			    text);
	return f.path;
}

static void
judge(struct dav_side *d, const char *path, const char *text, bool want)
{
	char *now = dav_get(d, path);

	if (!now)
		phone_failf("%s: %s is gone", d->name, path);
	else if ((strstr(now, text) != NULL) != want)
		phone_failf("%s: '%s' is %s in\n%s", d->name, text,
			    want ? "not" : "still", now);
	free(now);
}

void
dav_has(struct dav_side *d, const char *path, const char *text)
{
	judge(d, path, text, true);
}

void
dav_has_not(struct dav_side *d, const char *path, const char *text)
{
	judge(d, path, text, false);
}

static char *
beside(const char *coll, const char *name)
{
	size_t n = strlen(coll) - 1;

	while (n > 0 && coll[n - 1] != '/')
		n--;
	return bytes_format("%.*s%s/", (int)n, coll, name);
}

char *
dav_make(struct dav_side *d, const char *kind, const char *name)
{
	bool book = !strcmp(kind, "book");
	const char *headers[] = { "Content-Type: text/xml", NULL };
	char *path = beside(book ? d->book : d->calendar, name), *body;

	if (book)
		body = bytes_format(
			"<?xml version=\"1.0\"?><mkcol xmlns=\"DAV:\" "
			"xmlns:r=\"urn:ietf:params:xml:ns:carddav\"><set>"
			"<prop><resourcetype><collection/><r:addressbook/>"
			"</resourcetype><displayname>%s</displayname></prop>"
			"</set></mkcol>",
			name);
	else
		body = bytes_format(
			"<?xml version=\"1.0\"?><c:mkcalendar "
			"xmlns=\"DAV:\" "
			"xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><set>"
			"<prop><displayname>%s</displayname>"
			"<c:supported-calendar-component-set>"
			"<c:comp name=\"%s\"/>"
			"</c:supported-calendar-component-set></prop></set>"
			"</c:mkcalendar>",
			name, kind);
	free(dav_ask(d, book ? "MKCOL" : "MKCALENDAR", path, headers, body,
		     strlen(body)));
	if (d->status / 100 != 2)
		phone_failf("%s: cannot make %s: %d", d->name, path, d->status);
	free(body);
	return path;
}
