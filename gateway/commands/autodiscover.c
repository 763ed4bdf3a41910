/* POX in (libxml2), POX and JSON out. */
#include "gateway/commands/autodiscover.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"

#define POX_PATH "/autodiscover/autodiscover.xml"
#define JSON_PATH "/autodiscover/autodiscover.json"
#define EAS_PATH "/Microsoft-Server-ActiveSync"
#define REQUEST_MAX (64 * 1024)
#define SCHEMA "http://schemas.microsoft.com/exchange/autodiscover/"
#define MOBILE SCHEMA "mobilesync/responseschema/2006"

enum discover_kind
autodiscover_kind(const char *path)
{
	struct span p = span_of(path);

	if (span_eq_ci(p, SPAN(POX_PATH)) || span_eq_ci(p, SPAN(POX_PATH "/")))
		return DISCOVER_POX;
	if (!span_starts_ci(p, SPAN(JSON_PATH)))
		return DISCOVER_NONE;
	p = span_from_at(p, sizeof(JSON_PATH) - 1);
	return p.n == 0 || p.p[0] == '/' ? DISCOVER_JSON : DISCOVER_NONE;
}

/* ---- where we are --------------------------------------------------------*/

static bool
legal_host(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_",
			   s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n <= 255;
}

const char *
autodiscover_base(struct arena *a, const struct config *c,
		  const struct exchange *x)
{
	struct span list = span_of(x->in[IN_FORWARDED_HOST]), host;
	struct span proto = span_of(x->in[IN_FORWARDED_PROTO]);
	const char *scheme = "https";

	if (c->external_url != NULL) {
		host = span_of(c->external_url);
		while (host.n > 0 && host.p[host.n - 1] == '/')
			host.n--;
		return arena_str(a, host);
	}
	host = span_trim(span_take_until(&list, ','));
	if (!legal_host(host))
		host = span_of(x->in[IN_HOST]);
	if (!legal_host(host))
		host = SPAN("localhost");
	/* A phone that learns an http URL sends its password in the clear:
	 * only a proxy that says so gets one. */
	if (span_eq_ci(span_trim(span_take_until(&proto, ',')), SPAN("http")))
		scheme = "http";
	return arena_printf(a, "%s://" SPAN_FMT, scheme, SPAN_ARG(host));
}

/* A POST would be repeated as GET by many, or with its password sent once
 * more in the clear. */
bool
autodiscover_is_clear(const struct config *c, const struct exchange *x)
{
	struct span proto = span_of(x->in[IN_FORWARDED_PROTO]);

	return c->external_url != NULL &&
	       span_starts_ci(span_of(c->external_url), SPAN("https://")) &&
	       strcmp(x->method, "GET") == 0 &&
	       span_eq_ci(span_trim(span_take_until(&proto, ',')),
			  SPAN("http"));
}

void
autodiscover_redirect(struct arena *a, const struct config *c,
		      struct exchange *x)
{
	const struct http_header h[] = {
		{ "Location", arena_printf(a, "%s" POX_PATH,
					   autodiscover_base(a, c, x)) },
		{ "Cache-Control", "private" },
	};

	exchange_answer(x, 302, h, 2, NULL);
}

/* ---- POX -----------------------------------------------------------------*/

static const xmlNode *
child(const xmlNode *n, const char *name)
{
	const xmlNode *c;

	for (c = n ? n->children : NULL; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE &&
		    strcmp((const char *)c->name, name) == 0)
			return c;
	return NULL;
}

static struct span
content(struct arena *a, const xmlNode *n)
{
	xmlChar *s = n ? xmlNodeGetContent(n) : NULL;
	struct span out = SPAN_NONE;

	if (s != NULL)
		out = arena_dup(a, span_trim(span_of((const char *)s)));
	xmlFree(s);
	return out;
}

void
autodiscover_read(struct arena *a, struct span body,
		  struct discover_request *out)
{
	const xmlNode *root, *request;
	xmlDoc *doc;

	*out = (struct discover_request){ .legal = false };
	/* Older Androids send no body: the login says all. */
	if (span_trim(body).n == 0) {
		out->legal = true;
		return;
	}
	if (body.n > REQUEST_MAX)
		return;
	doc = xmlReadMemory(body.p, (int)body.n, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
			    XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
	if (doc == NULL)
		return;
	root = xmlDocGetRootElement(doc);
	request = child(root, "Request");
	/* No document of a phone has a DTD: entities are for attacks. */
	if (doc->intSubset == NULL && request != NULL) {
		out->address = content(a, child(request, "EMailAddress"));
		out->schema = content(a, child(request,
					       "AcceptableResponseSchema"));
		out->legal = true;
	}
	xmlFreeDoc(doc);
}

static void
put_xml(struct buf *b, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		default:
			buf_byte(b, s.p[i]);
		}
	}
}

static void
put_element(struct arena *a, struct buf *b, const char *name, struct span s)
{
	buf_printf(b, "<%s>", name);
	put_xml(b, utf8_clean(a, s));
	buf_printf(b, "</%s>", name);
}

static void
write_error(struct buf *b, int code, const char *message)
{
	int64_t now = clock_wall();

	buf_printf(b, "<Response><Error Time=\"%02d:%02d:%02d.0000000\" "
		   "Id=\"1\"><ErrorCode>%d</ErrorCode><Message>%s</Message>"
		   "<DebugData/></Error></Response>",
		   (int)(now / 3600 % 24), (int)(now / 60 % 60),
		   (int)(now % 60), code, message);
}

/* The address that was asked for if it is one of the user's. */
static struct span
address_of(const struct user_conf *u, struct span asked)
{
	size_t i;

	for (i = 0; i < u->n_emails; i++)
		if (span_eq_ci(asked, span_of(u->emails[i])))
			return asked;
	return span_of(u->n_emails > 0 ? u->emails[0] : u->logins[0]);
}

static void
write_answer(struct arena *a, struct buf *b, const struct user_conf *u,
	     struct span asked, const char *base)
{
	struct span mail = address_of(u, asked);
	struct span url = span_of(arena_printf(a, "%s" EAS_PATH, base));

	buf_str(b, "<Response xmlns=\"" MOBILE "\">"
		   "<Culture>en:us</Culture><User>");
	put_element(a, b, "DisplayName", u->name[0] ? span_of(u->name) : mail);
	put_element(a, b, "EMailAddress", mail);
	buf_str(b, "</User><Action><Settings><Server>"
		   "<Type>MobileSync</Type>");
	put_element(a, b, "Url", url);
	put_element(a, b, "Name", url);
	buf_str(b, "</Server></Settings></Action></Response>");
}

void
autodiscover_pox(struct arena *a, const struct config *c,
		 const struct user_conf *u, struct exchange *x)
{
	const struct http_header h[] = {
		{ "Content-Type", "text/xml; charset=utf-8" },
		{ "Cache-Control", "private" },
	};
	struct buf b = BUF_INIT(64 * 1024);
	struct discover_request req;

	/* Who asks by GET says no more than his login. */
	if (strcmp(x->method, "GET") == 0)
		autodiscover_read(a, SPAN_NONE, &req);
	else
		autodiscover_read(a, x->body, &req);
	buf_str(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<Autodiscover xmlns=\"" SCHEMA "responseschema/2006\">");
	if ((strcmp(x->method, "POST") != 0 &&
	     strcmp(x->method, "GET") != 0) || !req.legal)
		write_error(&b, 600, "Invalid Request");
	else if (req.schema.n > 0 && !span_eq_ci(req.schema, SPAN(MOBILE)))
		write_error(&b, 601, "Provider is not available");
	else
		write_answer(a, &b, u, req.address,
			     autodiscover_base(a, c, x));
	buf_str(&b, "</Autodiscover>\n");
	exchange_answer(x, 200, h, 2, &b);
	buf_free(&b);
}

/* ---- JSON ----------------------------------------------------------------*/

static struct span
parameter(struct arena *a, const char *query, const char *name)
{
	struct span rest = span_of(query);

	while (rest.n > 0) {
		struct span item = span_take_until(&rest, '&');
		struct span key = span_take_until(&item, '=');

		if (span_eq_ci(key, span_of(name)))
			return percent_decode(a, item, true);
	}
	return SPAN_NONE;
}

static void
answer_json(struct exchange *x, int status, json_t *doc)
{
	const struct http_header h[] = {
		{ "Content-Type", "application/json; charset=utf-8" },
		{ "Cache-Control", "private" },
	};
	struct buf b = BUF_INIT(16 * 1024);
	char *s = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	buf_str(&b, s ? s : "{}");
	free(s);
	json_decref(doc);
	exchange_answer(x, status, h, 2, &b);
	buf_free(&b);
}

static void
json_error(struct exchange *x, const char *code, const char *message)
{
	answer_json(x, 400, json_pack("{s:s, s:s}", "ErrorCode", code,
				      "ErrorMessage", message));
}

static void
json_answer(struct exchange *x, const char *protocol, const char *url)
{
	answer_json(x, 200, json_pack("{s:s, s:s}", "Protocol", protocol,
				      "Url", url));
}

/* Behind ".json": "/v1.0/address" in the newer form. */
static struct span
path_address(struct arena *a, const char *path)
{
	struct span p = span_from_at(span_of(path), sizeof(JSON_PATH) - 1);

	if (p.n == 0)
		return SPAN_NONE;
	p = span_from_at(p, 1);
	span_take_until(&p, '/');
	return percent_decode(a, p, false);
}

/* The same for every address: nobody learns here which mailboxes exist. */
void
autodiscover_json(struct arena *a, const struct config *c,
		  struct exchange *x)
{
	struct span protocol = parameter(a, x->query, "Protocol");
	struct span mail = parameter(a, x->query, "Email");
	const char *base = autodiscover_base(a, c, x);

	if (mail.n == 0)
		mail = path_address(a, x->path);
	protocol = span_first(utf8_clean(a, protocol), 40);
	if (mail.n > 0 && span_find_byte(mail, '@') <= 0)
		json_error(x, "InvalidUserId", "The address is not valid");
	else if (protocol.n == 0)
		json_error(x, "MandatoryParameterMissing",
			   "A valid value must be provided for the query "
			   "parameter 'Protocol'");
	else if (span_eq_ci(protocol, SPAN("ActiveSync")))
		json_answer(x, "ActiveSync",
			    arena_printf(a, "%s" EAS_PATH, base));
	else if (span_eq_ci(protocol, SPAN("AutodiscoverV1")))
		json_answer(x, "AutodiscoverV1",
			    arena_printf(a, "%s" POX_PATH, base));
	else
		json_error(x, "InvalidProtocol",
			   "The given protocol value is invalid. Supported "
			   "values are 'ActiveSync,AutodiscoverV1'");
}
