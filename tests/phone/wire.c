#include "tests/phone/wire.h"

#include <libxml/parser.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES 26
#define DEPTH 64

enum { SWITCH_PAGE = 0, END = 1, STR_I = 3, OPAQUE = 0xc3 };
enum { HAS_CONTENT = 0x40, HAS_ATTRIBUTES = 0x80 };

struct tag {
	unsigned page, token;
	const char *name;
	unsigned versions;
	int opaque;
};

static const char *const pages[PAGES] = {
#define PAGE(number, name) [number] = (name),
#define TAG(page, token, name, versions, opaque)
#include "tests/phone/tags.h"
#undef PAGE
#undef TAG
};

static const struct tag tags[] = {
#define PAGE(number, name)
#define TAG(page, token, name, versions, opaque) \
	{ (page), (token), (name), (versions), (opaque) },
#include "tests/phone/tags.h"
#undef PAGE
#undef TAG
};

static const size_t n_tags = sizeof(tags) / sizeof(tags[0]);

static const char *const versions[] = { "2.5",  "12.0", "12.1", "14.0",
					"14.1", "16.0", "16.1" };

unsigned
wire_version_bit(const char *version)
{
	unsigned i;

	for (i = 0; version && i < 7; i++)
		if (!strcmp(version, versions[i]))
			return 1u << i;
	return 0;
}

static int
fail(struct wire_error *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* Living elements before historic ones of the same token or name. */
static const struct tag *
tag_by_token(unsigned page, unsigned token)
{
	const struct tag *found = NULL;
	size_t i;

	for (i = 0; i < n_tags; i++)
		if (tags[i].page == page && tags[i].token == token &&
		    (!found || !found->versions))
			found = &tags[i];
	return found;
}

static const struct tag *
tag_by_name(unsigned page, const char *name)
{
	const struct tag *found = NULL;
	size_t i;

	if (page == 21 && !strncmp(name, "Forwardee", 9) && name[9] &&
	    name[9] != 's')
		name += 9; /* the schema's ForwardeeName, ForwardeeEmail */
	for (i = 0; i < n_tags; i++)
		if (tags[i].page == page && !strcmp(tags[i].name, name) &&
		    (!found || !found->versions))
			found = &tags[i];
	return found;
}

static int
page_by_namespace(const char *ns)
{
	size_t n = strlen(ns);
	int i;

	if (n && ns[n - 1] == ':')
		n--;
	for (i = 0; i < PAGES; i++)
		if (strlen(pages[i]) == n && !strncasecmp(pages[i], ns, n))
			return i;
	return -1;
}

/* ---- encoding ----------------------------------------------------------*/

static const struct {
	const char *root, *ns;
} roots[] = {
	{ "Sync", "AirSync" },
	{ "MoveItems", "Move" },
	{ "GetItemEstimate", "GetItemEstimate" },
	{ "FolderSync", "FolderHierarchy" },
	{ "FolderCreate", "FolderHierarchy" },
	{ "FolderUpdate", "FolderHierarchy" },
	{ "FolderDelete", "FolderHierarchy" },
	{ "MeetingResponse", "MeetingResponse" },
	{ "ResolveRecipients", "ResolveRecipients" },
	{ "ValidateCert", "ValidateCert" },
	{ "Ping", "Ping" },
	{ "Provision", "Provision" },
	{ "Search", "Search" },
	{ "Settings", "Settings" },
	{ "ItemOperations", "ItemOperations" },
	{ "SendMail", "ComposeMail" },
	{ "SmartReply", "ComposeMail" },
	{ "SmartForward", "ComposeMail" },
	{ "Find", "Find" },
};

struct encoder {
	struct bytes *out;
	unsigned page;
	struct wire_error *e;
};

static void
declare(struct bytes *out, const char *xml, const char *prefix,
	const char *ns)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "xmlns:%s=", prefix);
	if (!strstr(xml, mark))
		bytes_printf(out, " %s\"%s\"", mark, ns);
}

static void
lower(char *to, size_t room, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < room; i++)
		to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z'
				       ? from[i] + 32
				       : from[i]);
	to[i] = '\0';
}

/* The text with its root's namespace and the usual prefixes declared. */
static void
complete(struct bytes *out, const char *xml)
{
	const char *name = xml, *end;
	char prefix[32];
	size_t i, n;

	while ((name = strchr(name, '<')) && (name[1] == '?' || name[1] == '!'))
		name++;
	if (!name) {
		bytes_str(out, xml);
		return;
	}
	n = strcspn(name + 1, " \t\r\n/>");
	end = name + 1 + n;
	bytes_put(out, xml, (size_t)(end - xml));
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (strlen(roots[i].root) == n &&
		    !strncmp(roots[i].root, name + 1, n) &&
		    !strstr(xml, "xmlns="))
			bytes_printf(out, " xmlns=\"%s\"", roots[i].ns);
	for (i = 0; i < PAGES; i++) {
		lower(prefix, sizeof(prefix), pages[i]);
		declare(out, xml, prefix, pages[i]);
	}
	declare(out, xml, "base", "AirSyncBase");
	bytes_str(out, end);
}

static void
put_length(struct bytes *out, size_t n)
{
	unsigned char groups[10];
	int i = 0;

	do {
		groups[i++] = n & 0x7f;
		n >>= 7;
	} while (n);
	while (i--)
		bytes_byte(out, groups[i] | (i ? 0x80u : 0));
}

static void
put_string(struct bytes *out, const char *s, size_t n)
{
	bytes_byte(out, STR_I);
	bytes_put(out, s, n);
	bytes_byte(out, 0);
}

static void
put_opaque(struct bytes *out, const void *p, size_t n)
{
	bytes_byte(out, OPAQUE);
	put_length(out, n);
	bytes_put(out, p, n);
}

static void
put_split(struct bytes *out, const char *s)
{
	size_t n;

	while (*s) {
		n = 1;
		while (n < 3 && s[n])
			n++;
		while (s[n] && ((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
		put_string(out, s, n);
		s += n;
	}
}

static int
put_text(struct encoder *w, const struct tag *t, const char *enc,
	 const char *text)
{
	struct bytes raw = { 0 };
	int ok = 1;

	if (enc && !strcmp(enc, "split")) {
		put_split(w->out, text);
	} else if (enc && !strcmp(enc, "opaque")) {
		put_opaque(w->out, text, strlen(text));
	} else if ((enc && !strcmp(enc, "base64")) || (!enc && t->opaque)) {
		ok = bytes_unbase64(&raw, text);
		if (!ok)
			fail(w->e, "%s: not base64", t->name);
		put_opaque(w->out, raw.p, raw.n);
		bytes_free(&raw);
	} else {
		put_string(w->out, text, strlen(text));
	}
	return ok;
}

static bool
has_elements(xmlNodePtr n)
{
	xmlNodePtr c;

	for (c = n->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			return true;
	return false;
}

static const struct tag *
tag_of(struct encoder *w, xmlNodePtr n)
{
	const char *ns = n->ns ? (const char *)n->ns->href : "";
	int page = page_by_namespace(ns);
	const struct tag *t;

	t = page < 0 ? NULL : tag_by_name((unsigned)page, (char *)n->name);
	if (!t)
		fail(w->e, "no element %s in namespace '%s'", n->name, ns);
	return t;
}

static int put_element(struct encoder *w, xmlNodePtr n);

static int
put_content(struct encoder *w, xmlNodePtr n, const struct tag *t,
	    const char *enc, char *text)
{
	xmlNodePtr c;

	if (!has_elements(n))
		return !*text || put_text(w, t, enc, text);
	for (c = n->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE && !put_element(w, c))
			return 0;
	return 1;
}

static int
put_tag(struct encoder *w, xmlNodePtr n, const struct tag *t, const char *enc,
	const char *token, char *text)
{
	bool full = has_elements(n) || *text ||
		    (enc && !strcmp(enc, "content"));
	unsigned code = token ? (unsigned)strtoul(token, NULL, 16) : t->token;

	if (w->page != t->page) {
		bytes_byte(w->out, SWITCH_PAGE);
		bytes_byte(w->out, t->page);
		w->page = t->page;
	}
	bytes_byte(w->out, code | (full ? HAS_CONTENT : 0));
	if (!full)
		return 1;
	if (!put_content(w, n, t, enc, text))
		return 0;
	bytes_byte(w->out, END);
	return 1;
}

static int
put_element(struct encoder *w, xmlNodePtr n)
{
	const struct tag *t = tag_of(w, n);
	xmlChar *text, *enc, *token;
	int ok;

	if (!t)
		return 0;
	text = xmlNodeGetContent(n);
	enc = xmlGetNoNsProp(n, BAD_CAST "enc");
	token = xmlGetNoNsProp(n, BAD_CAST "token");
	ok = put_tag(w, n, t, (char *)enc, (char *)token, (char *)text);
	xmlFree(text);
	xmlFree(enc);
	xmlFree(token);
	return ok;
}

int
wire_encode(struct bytes *out, const char *xml, struct wire_error *e)
{
	struct encoder w = { .out = out, .e = e };
	struct bytes text = { 0 };
	xmlDocPtr doc;
	int ok;

	e->text[0] = '\0';
	complete(&text, xml);
	doc = xmlReadMemory(text.p, (int)text.n, "request", NULL,
			    XML_PARSE_NOENT | XML_PARSE_NOCDATA |
				    XML_PARSE_NOWARNING |
				    XML_PARSE_HUGE);
	bytes_free(&text);
	if (!doc)
		return fail(e, "the test's own XML does not parse: %.150s",
			    xml);
	bytes_put(out, "\x03\x01\x6a\x00", 4);
	ok = put_element(&w, xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	return ok;
}

/* ---- decoding ----------------------------------------------------------*/

struct decoder {
	const unsigned char *p;
	size_t n, at;
	unsigned page, version;
	xmlDocPtr doc;
	xmlNodePtr open[DEPTH];
	const struct tag *tag[DEPTH];
	bool mixed[DEPTH]; /* text was seen */
	unsigned depth;
	xmlNsPtr ns[PAGES];
	struct wire_error *e;
};

static int
bad(struct decoder *d, const char *what)
{
	const char *where = d->depth ? d->tag[d->depth - 1]->name : "(root)";

	return fail(d->e, "WBXML byte %zu in <%s>: %s", d->at, where, what);
}

static bool
xml_char(uint32_t c)
{
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) ||
	       (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static bool
continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Length of the UTF-8 character at s, of at most n bytes; 0 if illegal. */
static size_t
utf8_char(const unsigned char *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;
	uint32_t c;

	if (s[0] < 0x80)
		return xml_char(s[0]) ? 1 : 0;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	c = s[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if (!continues(s[i]))
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c >= least[len] && xml_char(c) ? len : 0;
}

static bool
legal_text(const unsigned char *s, size_t n)
{
	size_t i = 0, len;

	while (i < n) {
		len = utf8_char(s + i, n - i);
		if (!len)
			return false;
		i += len;
	}
	return true;
}

/* All namespaces are declared at the root, with prefixes in lower case;
 * the root's own is the default. */
static xmlNsPtr
namespace_of(struct decoder *d, unsigned page)
{
	xmlNodePtr root = xmlDocGetRootElement(d->doc);
	char prefix[32];

	if (d->ns[page])
		return d->ns[page];
	lower(prefix, sizeof(prefix), pages[page]);
	d->ns[page] = xmlNewNs(root, BAD_CAST pages[page],
			       d->depth ? BAD_CAST prefix : NULL);
	return d->ns[page];
}

static int
check_tag(struct decoder *d, const struct tag *t)
{
	char what[128];

	if (!t)
		return bad(d, "unknown token");
	if (t->versions && (!d->version || t->versions & d->version))
		return 1;
	snprintf(what, sizeof(what), "<%s> (page %u) %s", t->name, t->page,
		 t->versions ? "does not exist in this protocol version"
			     : "is never to be sent");
	return bad(d, what);
}

static int
open_tag(struct decoder *d, unsigned byte)
{
	const struct tag *t = tag_by_token(d->page, byte & 0x3f);
	xmlNodePtr n;

	if (byte & HAS_ATTRIBUTES)
		return bad(d, "attributes are not used");
	if (!check_tag(d, t))
		return 0;
	if (!d->depth && xmlDocGetRootElement(d->doc))
		return bad(d, "second root element");
	if (d->depth && d->mixed[d->depth - 1])
		return bad(d, "element beside text");
	n = xmlNewDocNode(d->doc, NULL, BAD_CAST t->name, NULL);
	if (d->depth)
		xmlAddChild(d->open[d->depth - 1], n);
	else
		xmlDocSetRootElement(d->doc, n);
	xmlSetNs(n, namespace_of(d, t->page));
	if (!(byte & HAS_CONTENT))
		return 1;
	if (d->depth == DEPTH)
		return bad(d, "too deep");
	d->open[d->depth] = n;
	d->tag[d->depth] = t;
	d->mixed[d->depth++] = false;
	return 1;
}

static int
take_string(struct decoder *d)
{
	const unsigned char *s = d->p + d->at;
	const unsigned char *nul = memchr(s, 0, d->n - d->at);
	size_t n;

	if (!d->depth)
		return bad(d, "text outside the root");
	if (!nul)
		return bad(d, "string without its NUL");
	n = (size_t)(nul - s);
	if (d->open[d->depth - 1]->children && !d->mixed[d->depth - 1])
		return bad(d, "text beside elements");
	if (d->tag[d->depth - 1]->opaque)
		return bad(d, "string in an element that must be opaque");
	if (!legal_text(s, n))
		return bad(d, "illegal UTF-8 or XML character");
	xmlNodeAddContentLen(d->open[d->depth - 1], s, (int)n);
	d->mixed[d->depth - 1] = true;
	d->at += n + 1;
	return 1;
}

static int
take_length(struct decoder *d, size_t *out)
{
	size_t v = 0;
	int i;

	for (i = 0; i < 5 && d->at < d->n; i++) {
		v = v << 7 | (d->p[d->at] & 0x7f);
		if (!(d->p[d->at++] & 0x80)) {
			*out = v;
			return v <= d->n - d->at || bad(d, "opaque too long");
		}
	}
	return bad(d, "bad length of opaque data");
}

static int
take_opaque(struct decoder *d)
{
	xmlNodePtr n;
	size_t len = 0;
	char *text;

	if (!d->depth)
		return bad(d, "opaque outside the root");
	if (!take_length(d, &len))
		return 0;
	n = d->open[d->depth - 1];
	if (n->children)
		return bad(d, "opaque beside other content");
	if (d->tag[d->depth - 1]->opaque) {
		text = bytes_base64(d->p + d->at, len);
		xmlNodeAddContent(n, BAD_CAST text);
		free(text);
	} else if (!legal_text(d->p + d->at, len)) {
		return bad(d, "opaque data that is no text in a text element");
	} else {
		xmlNodeAddContentLen(n, d->p + d->at, (int)len);
	}
	d->mixed[d->depth - 1] = true;
	d->at += len;
	return 1;
}

static int
step(struct decoder *d)
{
	unsigned byte = d->p[d->at++];

	switch (byte) {
	case SWITCH_PAGE:
		if (d->at == d->n || d->p[d->at] >= PAGES)
			return bad(d, "unknown page");
		d->page = d->p[d->at++];
		return 1;
	case END:
		if (!d->depth)
			return bad(d, "END without an open element");
		d->depth--;
		return 1;
	case STR_I:
		return take_string(d);
	case OPAQUE:
		return take_opaque(d);
	default:
		return open_tag(d, byte);
	}
}

static int
decode(struct decoder *d)
{
	if (d->n < 5 || memcmp(d->p, "\x03\x01\x6a\x00", 4))
		return fail(d->e, "WBXML does not begin with 03 01 6A 00");
	d->at = 4;
	while (d->at < d->n)
		if (!step(d))
			return 0;
	if (d->depth)
		return bad(d, "document ends inside this element");
	if (!xmlDocGetRootElement(d->doc))
		return fail(d->e, "WBXML without a root element");
	return 1;
}

xmlDocPtr
wire_decode(const void *data, size_t n, const char *version,
	    struct wire_error *e)
{
	struct decoder d = { .p = data, .n = n, .e = e };

	e->text[0] = '\0';
	d.version = wire_version_bit(version);
	d.doc = xmlNewDoc(BAD_CAST "1.0");
	if (decode(&d))
		return d.doc;
	xmlFreeDoc(d.doc);
	return NULL;
}

char *
wire_show(xmlDocPtr doc)
{
	xmlChar *mem;
	char *out;
	int n;

	if (!doc)
		return strdup("(no document)");
	xmlDocDumpFormatMemory(doc, &mem, &n, 1);
	out = strdup((char *)mem);
	xmlFree(mem);
	return out;
}
