/* Multistatus answers, by libxml2. Never NOENT (it reads local files), never
 * HUGE; entities beyond the predefined ones do not exist for us. */
#include "backends/dav_private.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct arena *a;
	struct dav_multi *m;
	size_t room;
};

static bool
is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)n->name, name) == 0;
}

static struct span
text_of(struct arena *a, xmlNode *n)
{
	xmlChar *t = xmlNodeGetContent(n);
	struct span s = SPAN_NONE;

	if (t != NULL)
		s = arena_dup(a, span_of((const char *)t));
	xmlFree(t);
	return s;
}

static struct span
trimmed(struct arena *a, xmlNode *n)
{
	return span_trim(text_of(a, n));
}

/* XML turned the line ends of an object into LF. */
static struct span
object_text(struct arena *a, xmlNode *n)
{
	struct span s = text_of(a, n);
	char *out = arena_alloc(a, s.n * 2 + 1);
	size_t i, at = 0;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			out[at++] = '\r';
		out[at++] = s.p[i];
	}
	return span_from(out, at);
}

static int
status_code(struct span line)
{
	uint32_t code = 0;

	span_take_until(&line, ' ');
	span_u32(span_take_until(&line, ' '), &code);
	return (int)code;
}

/* The first href below a property. */
static struct span
href_in(struct arena *a, xmlNode *prop)
{
	xmlNode *n;

	for (n = prop->children; n != NULL; n = n->next)
		if (is(n, "href"))
			return trimmed(a, n);
	return SPAN_NONE;
}

static void
read_homes(struct arena *a, xmlNode *prop, struct dav_response *r)
{
	xmlNode *n;

	for (n = prop->children; n != NULL; n = n->next)
		if (is(n, "href") && r->n_homes < MAX_HOMES)
			r->homes[r->n_homes++] = trimmed(a, n);
}

static void
read_types(xmlNode *prop, struct dav_response *r)
{
	xmlNode *n;

	for (n = prop->children; n != NULL; n = n->next) {
		if (is(n, "collection"))
			r->types |= DAV_COLLECTION;
		else if (is(n, "addressbook"))
			r->types |= DAV_ADDRESSBOOK;
		else if (is(n, "calendar"))
			r->types |= DAV_CALENDAR;
	}
}

static void
read_comps(xmlNode *prop, struct dav_response *r)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = { { "VEVENT", DAV_VEVENT },
		      { "VTODO", DAV_VTODO },
		      { "VJOURNAL", DAV_VJOURNAL } };
	xmlNode *n;
	size_t i;

	r->has_comps = true;
	for (n = prop->children; n != NULL; n = n->next) {
		xmlChar *name = is(n, "comp")
					? xmlGetProp(n, (const xmlChar *)"name")
					: NULL;

		for (i = 0; name != NULL && i < 3; i++)
			if (strcasecmp((const char *)name, known[i].name) == 0)
				r->comps |= known[i].bit;
		xmlFree(name);
	}
}

static void
read_privileges(xmlNode *prop, struct dav_response *r)
{
	xmlNode *n, *p;

	r->has_privileges = true;
	for (n = prop->children; n != NULL; n = n->next)
		for (p = is(n, "privilege") ? n->children : NULL; p != NULL;
		     p = p->next)
			r->may_write |= is(p, "write") || is(p, "all") ||
					is(p, "write-content") ||
					is(p, "bind");
}

static void
read_prop(struct arena *a, xmlNode *p, struct dav_response *r)
{
	if (is(p, "getetag"))
		r->etag = trimmed(a, p);
	else if (is(p, "displayname"))
		r->name = trimmed(a, p);
	else if (is(p, "resourcetype"))
		read_types(p, r);
	else if (is(p, "getctag"))
		r->ctag = trimmed(a, p);
	else if (is(p, "sync-token"))
		r->token = trimmed(a, p);
	else if (is(p, "current-user-principal"))
		r->principal = href_in(a, p);
	else if (is(p, "calendar-home-set"))
		read_homes(a, p, r);
	else if (is(p, "supported-calendar-component-set"))
		read_comps(p, r);
	else if (is(p, "current-user-privilege-set"))
		read_privileges(p, r);
	else if (is(p, "address-data") || is(p, "calendar-data"))
		r->data = object_text(a, p);
}

/* Contacts' homes stand first, whatever the order in the answer. */
static void
read_contact_homes(struct arena *a, xmlNode *prop, struct dav_response *r)
{
	struct dav_response other = *r;
	size_t i;

	r->n_homes = 0;
	read_homes(a, prop, r);
	r->n_contacts_homes = r->n_homes;
	for (i = 0; i < other.n_homes && r->n_homes < MAX_HOMES; i++)
		r->homes[r->n_homes++] = other.homes[i];
}

static void
read_propstat(struct arena *a, xmlNode *ps, struct dav_response *r)
{
	xmlNode *n, *p;
	int status = 200;

	for (n = ps->children; n != NULL; n = n->next)
		if (is(n, "status"))
			status = status_code(trimmed(a, n));
	if (status / 100 != 2)
		return;
	for (n = ps->children; n != NULL; n = n->next)
		for (p = is(n, "prop") ? n->children : NULL; p != NULL;
		     p = p->next) {
			if (is(p, "addressbook-home-set"))
				read_contact_homes(a, p, r);
			else
				read_prop(a, p, r);
		}
}

static void
read_response(struct reading *x, xmlNode *node)
{
	struct dav_response *r;
	xmlNode *n;

	x->m->v = arena_grow(x->a, x->m->v, x->m->n, &x->room,
			     sizeof(*x->m->v));
	r = &x->m->v[x->m->n++];
	*r = (struct dav_response){ .status = 0 };
	for (n = node->children; n != NULL; n = n->next) {
		if (is(n, "href"))
			r->href = trimmed(x->a, n);
		else if (is(n, "status"))
			r->status = status_code(trimmed(x->a, n));
		else if (is(n, "propstat"))
			read_propstat(x->a, n, r);
	}
}

bool
dav_multistatus(struct arena *a, const struct dav_reply *r,
		struct dav_multi *out, struct err *e)
{
	struct reading x = { .a = a, .m = out };
	xmlDoc *doc;
	xmlNode *root, *n;

	*out = (struct dav_multi){ .n = 0 };
	if (r->status != 207)
		return dav_refused(r, "a listing", e);
	doc = xmlReadMemory(r->body.p, (int)r->body.n, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
				    XML_PARSE_NOWARNING);
	root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	if (root == NULL || !is(root, "multistatus")) {
		xmlFreeDoc(doc);
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server's answer is no multistatus");
	}
	for (n = root->children; n != NULL; n = n->next) {
		if (is(n, "response"))
			read_response(&x, n);
		else if (is(n, "sync-token"))
			out->token = trimmed(a, n);
	}
	xmlFreeDoc(doc);
	return true;
}

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
			buf_byte(&b, text.p[i]);
		}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}
