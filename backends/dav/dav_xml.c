/* XML answers as they come in, by libxml2's push parser.
 *
 * Never NOENT (it reads local files) nor HUGE; a DOCTYPE ends the reading,
 * so that entities beyond the predefined ones do not exist. Each child of
 * the root is built as a small tree, handed over and forgotten: memory does
 * not grow with the length of a listing. */
#include "backends/dav/dav_private.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct dav_xml {
	xmlParserCtxt *ctxt;
	xml_child_fn *each;
	void *ctx;
	struct arena *tmp;    /* of the child under way */
	struct xml_node *now; /* innermost open element of it */
	unsigned depth;
	size_t nodes;
	enum xml_ns root_ns;
	char root[64];
	bool bad, closed;
	struct buf text[MAX_DAV_DEPTH + 1];
};

static const struct {
	const char *uri;
	enum xml_ns ns;
} namespaces[] = {
	{ "DAV:", NS_DAV },
	{ "urn:ietf:params:xml:ns:caldav", NS_CAL },
	{ "urn:ietf:params:xml:ns:carddav", NS_CARD },
	{ "http://calendarserver.org/ns/", NS_CS },
	{ "http://apple.com/ns/ical/", NS_APPLE },
};

static enum xml_ns
ns_of(const xmlChar *uri)
{
	size_t i;

	if (uri == NULL)
		return NS_NONE;
	for (i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++)
		if (strcmp((const char *)uri, namespaces[i].uri) == 0)
			return namespaces[i].ns;
	return NS_OTHER;
}

static void
give_up(struct dav_xml *x)
{
	x->bad = true;
	xmlStopParser(x->ctxt);
}

/* libxml2 gives five pointers for each attribute: name, prefix, URI, and
 * where the value begins and ends. */
static void
take_attributes(struct dav_xml *x, struct xml_node *n, int count,
		const xmlChar **v)
{
	int i;

	for (i = 0; i < count; i++, v += 5) {
		struct span value = arena_dup(
			x->tmp, span_from((const char *)v[3],
					  (size_t)(v[4] - v[3])));

		if (strcmp((const char *)v[0], "name") == 0)
			n->attr = value;
		else if (strcmp((const char *)v[0], "version") == 0)
			n->version = value;
	}
}

static struct xml_node *
new_node(struct dav_xml *x, const xmlChar *name, const xmlChar *uri)
{
	struct xml_node *n;

	if (x->tmp == NULL)
		x->tmp = arena_new();
	n = arena_alloc(x->tmp, sizeof(*n));
	n->ns = ns_of(uri);
	n->name = arena_dup(x->tmp, span_of((const char *)name));
	n->up = x->now;
	if (x->now != NULL) {
		if (x->now->last != NULL)
			x->now->last->next = n;
		else
			x->now->child = n;
		x->now->last = n;
	}
	return n;
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
	 const xmlChar *uri, int n_ns, const xmlChar **ns, int n_attr,
	 int n_default, const xmlChar **attr)
{
	struct dav_xml *x = ctx;

	(void)prefix;
	(void)n_ns;
	(void)ns;
	(void)n_default;
	if (x->bad)
		return;
	if (++x->depth > MAX_DAV_DEPTH || ++x->nodes > MAX_DAV_NODES) {
		give_up(x);
		return;
	}
	if (x->depth == 1) {
		x->root_ns = ns_of(uri);
		strncpy(x->root, (const char *)name, sizeof(x->root) - 1);
		return;
	}
	x->now = new_node(x, name, uri);
	take_attributes(x, x->now, n_attr, attr);
	buf_cut(&x->text[x->depth], 0);
}

static void
hand_over(struct dav_xml *x, struct xml_node *n)
{
	x->each(x->ctx, n, x->tmp);
	arena_free(&x->tmp);
	x->nodes = 0;
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
       const xmlChar *uri)
{
	struct dav_xml *x = ctx;
	struct xml_node *n = x->now;
	struct buf *text = &x->text[x->depth <= MAX_DAV_DEPTH ? x->depth : 0];

	(void)name;
	(void)prefix;
	(void)uri;
	if (x->bad)
		return;
	if (x->depth-- == 1) {
		x->closed = true;
		return;
	}
	n->cut = text->full;
	if (!n->cut)
		n->text = arena_dup(x->tmp, buf_view(text));
	if (text->room > 65536) /* a large photo: not kept for the next one */
		buf_free(text);
	x->now = n->up;
	if (x->depth == 1)
		hand_over(x, n);
}

static void
on_text(void *ctx, const xmlChar *p, int n)
{
	struct dav_xml *x = ctx;

	if (!x->bad && x->depth > 1)
		buf_put(&x->text[x->depth], p, (size_t)n);
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *id,
	   const xmlChar *system)
{
	(void)name;
	(void)id;
	(void)system;
	give_up(ctx);
}

static void
on_error(void *ctx, xmlError *error)
{
	struct dav_xml *x = ctx;

	/* Relative namespace names and the like are warnings; the parser
	 * goes on over recoverable ones only. */
	if (error->level == XML_ERR_FATAL)
		x->bad = true;
}

/* Errors of encodings go past the parser's own handler to one of the thread,
 * which would print what the server sent. */
static void
say_nothing(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

struct dav_xml *
dav_xml_open(xml_child_fn *each, void *ctx)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC };
	struct dav_xml *x = xcalloc(1, sizeof(*x));
	size_t i;

	xmlSetGenericErrorFunc(NULL, say_nothing);
	sax.startElementNs = on_start;
	sax.endElementNs = on_end;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	sax.cdataBlock = on_text;
	sax.internalSubset = on_doctype;
	sax.serror = (xmlStructuredErrorFunc)on_error;
	x->each = each;
	x->ctx = ctx;
	for (i = 0; i <= MAX_DAV_DEPTH; i++)
		buf_init(&x->text[i], MAX_OBJECT_BYTES);
	x->ctxt = xmlCreatePushParserCtxt(&sax, x, NULL, 0, NULL);
	if (x->ctxt == NULL)
		x->bad = true;
	else
		xmlCtxtUseOptions(x->ctxt, XML_PARSE_NONET);
	return x;
}

bool
dav_xml_feed(struct dav_xml *x, const char *p, size_t n)
{
	while (n > 0 && !x->bad) {
		int now = n > 65536 ? 65536 : (int)n;

		if (xmlParseChunk(x->ctxt, p, now, 0) != 0 &&
		    !x->ctxt->wellFormed)
			x->bad = true;
		p += now;
		n -= (size_t)now;
	}
	return !x->bad;
}

bool
dav_xml_done(struct dav_xml *x, enum xml_ns ns, const char *root)
{
	if (!x->bad)
		xmlParseChunk(x->ctxt, "", 0, 1);
	return !x->bad && x->ctxt->wellFormed && x->closed &&
	       x->root_ns == ns && strcmp(x->root, root) == 0;
}

void
dav_xml_free(struct dav_xml **x)
{
	size_t i;

	if (*x == NULL)
		return;
	if ((*x)->ctxt != NULL)
		xmlFreeParserCtxt((*x)->ctxt);
	for (i = 0; i <= MAX_DAV_DEPTH; i++)
		buf_free(&(*x)->text[i]);
	arena_free(&(*x)->tmp);
	free(*x);
	*x = NULL;
}

bool
xml_is(const struct xml_node *n, enum xml_ns ns, const char *name)
{
	return n->ns == ns && span_eq(n->name, span_of(name));
}

const struct xml_node *
xml_find(const struct xml_node *n, enum xml_ns ns, const char *name)
{
	const struct xml_node *c;

	for (c = n->child; c != NULL; c = c->next)
		if (xml_is(c, ns, name))
			return c;
	return NULL;
}

/* Characters that XML cannot hold become blanks. */
struct span
dav_escape(struct arena *a, struct span text)
{
	struct buf b = BUF_INIT(text.n * 6 + 16);
	struct span out;
	size_t i;

	for (i = 0; i < text.n; i++)
		switch (text.p[i]) {
		case '&':
			buf_str(&b, "&amp;");
			break;
		case '<':
			buf_str(&b, "&lt;");
			break;
		case '>':
			buf_str(&b, "&gt;");
			break;
		case '"':
			buf_str(&b, "&quot;");
			break;
		default:
			buf_byte(&b, (unsigned char)text.p[i] < ' ' &&
						     text.p[i] != '\t'
					     ? ' '
					     : text.p[i]);
		}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}
