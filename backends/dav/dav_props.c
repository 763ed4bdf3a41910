/* One response of a multistatus; conditions told in error bodies. */
#include "backends/dav/dav_private.h"

#include <string.h>

static int
status_code(struct span line)
{
	uint32_t code = 0;

	line = span_trim(line);
	span_take_until(&line, ' ');
	span_u32(span_take_until(&line, ' '), &code);
	return code >= 100 && code < 600 ? (int)code : 0;
}

static struct span
trimmed(const struct xml_node *n)
{
	return n != NULL ? span_trim(n->text) : SPAN_NONE;
}

/* The first href below a property; its text where there is none (Bedework). */
static struct span
href_in(const struct xml_node *p)
{
	const struct xml_node *h = xml_find(p, NS_DAV, "href");

	return h != NULL ? trimmed(h) : trimmed(p);
}

static size_t
read_homes(const struct xml_node *p, struct span *v)
{
	const struct xml_node *c;
	size_t n = 0;

	for (c = p->child; c != NULL; c = c->next)
		if (xml_is(c, NS_DAV, "href") && n < MAX_HOMES &&
		    trimmed(c).n > 0)
			v[n++] = trimmed(c);
	return n;
}

static void
read_types(const struct xml_node *p, struct dav_response *r)
{
	/* Trash bins and the like of Nextcloud, proxies of Apple's server. */
	static const char *const hidden[] = {
		"schedule-inbox", "schedule-outbox", "notification",
		"notifications", "dropbox-home", "calendar-proxy-read",
		"calendar-proxy-write", "deleted-calendar", "trash-bin",
		"subscribed"
	};
	const struct xml_node *c;
	size_t i;

	r->has_types = true;
	for (c = p->child; c != NULL; c = c->next) {
		if (xml_is(c, NS_DAV, "collection"))
			r->types |= DAV_COLLECTION;
		else if (xml_is(c, NS_DAV, "principal"))
			r->types |= DAV_PRINCIPAL;
		else if (xml_is(c, NS_CARD, "addressbook"))
			r->types |= DAV_ADDRESSBOOK;
		else if (xml_is(c, NS_CAL, "calendar"))
			r->types |= DAV_CALENDAR;
		for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
			if (span_eq(c->name, span_of(hidden[i])))
				r->types |= DAV_HIDDEN;
	}
}

static void
read_comps(const struct xml_node *p, struct dav_response *r)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = { { "VEVENT", DAV_VEVENT },
		      { "VTODO", DAV_VTODO },
		      { "VJOURNAL", DAV_VJOURNAL } };
	const struct xml_node *c;
	size_t i;

	r->has_comps = true;
	for (c = p->child; c != NULL; c = c->next)
		for (i = 0; i < 3; i++)
			if (xml_is(c, NS_CAL, "comp") &&
			    span_eq_ci(c->attr, span_of(known[i].name)))
				r->comps |= known[i].bit;
}

static void
read_privileges(const struct xml_node *p, struct dav_response *r)
{
	static const char *const writing[] = { "all", "write",
					       "write-content", "bind" };
	const struct xml_node *c, *g;
	size_t i;

	r->has_privileges = true;
	for (c = p->child; c != NULL; c = c->next)
		for (g = c->child; g != NULL; g = g->next)
			for (i = 0; i < 4; i++)
				r->may_write |= xml_is(g, NS_DAV, writing[i]);
}

static void
read_vcard(const struct xml_node *p, struct dav_response *r)
{
	const struct xml_node *c = xml_find(p, NS_CARD, "address-data-type");

	if (c != NULL)
		r->vcard = span_eq(c->version, SPAN("4.0")) ? 4 : 3;
}

/* The user's own address: the first mailto. */
static void
read_addresses(const struct xml_node *p, struct dav_response *r)
{
	const struct xml_node *c;

	for (c = p->child; c != NULL; c = c->next)
		if (r->address.n == 0 &&
		    span_starts_ci(trimmed(c), SPAN("mailto:")))
			r->address = trimmed(c);
}

static void
read_data(const struct xml_node *p, struct dav_response *r)
{
	r->data = p->text;
	r->data_cut = p->cut;
}

static void
read_principal(const struct xml_node *p, struct dav_response *r)
{
	r->unauthenticated = xml_find(p, NS_DAV, "unauthenticated") != NULL;
	r->principal = href_in(p);
}

static void
read_transparent(const struct xml_node *p, struct dav_response *r)
{
	r->transparent = xml_find(p, NS_CAL, "transparent") != NULL;
}

static void
read_contacts(const struct xml_node *p, struct dav_response *r)
{
	r->n_contacts = read_homes(p, r->contacts);
}

static void
read_calendars(const struct xml_node *p, struct dav_response *r)
{
	r->n_calendars = read_homes(p, r->calendars);
}

#define TEXT(field) offsetof(struct dav_response, field), false, NULL
#define HREF(field) offsetof(struct dav_response, field), true, NULL
#define CALL(fn) 0, false, fn
static const struct {
	enum xml_ns ns;
	const char *name;
	size_t at;
	bool href;
	void (*fn)(const struct xml_node *p, struct dav_response *r);
} props[] = {
	{ NS_DAV, "getetag", TEXT(etag) },
	{ NS_DAV, "displayname", TEXT(name) },
	{ NS_DAV, "sync-token", TEXT(token) },
	{ NS_CS, "getctag", TEXT(ctag) },
	{ NS_DAV, "resource-id", HREF(resource_id) },
	{ NS_CAL, "schedule-outbox-URL", HREF(outbox) },
	{ NS_CAL, "schedule-default-calendar-URL", HREF(default_cal) },
	{ NS_DAV, "current-user-principal", CALL(read_principal) },
	{ NS_DAV, "resourcetype", CALL(read_types) },
	{ NS_DAV, "current-user-privilege-set", CALL(read_privileges) },
	{ NS_CAL, "calendar-home-set", CALL(read_calendars) },
	{ NS_CARD, "addressbook-home-set", CALL(read_contacts) },
	{ NS_CAL, "supported-calendar-component-set", CALL(read_comps) },
	{ NS_CARD, "supported-address-data", CALL(read_vcard) },
	{ NS_CAL, "calendar-user-address-set", CALL(read_addresses) },
	{ NS_CAL, "schedule-calendar-transp", CALL(read_transparent) },
	{ NS_CAL, "calendar-data", CALL(read_data) },
	{ NS_CARD, "address-data", CALL(read_data) },
};

static void
read_prop(const struct xml_node *p, struct dav_response *r)
{
	size_t i;

	for (i = 0; i < sizeof(props) / sizeof(*props); i++) {
		struct span *to = (void *)((char *)r + props[i].at);

		if (!xml_is(p, props[i].ns, props[i].name))
			continue;
		if (props[i].fn != NULL)
			props[i].fn(p, r);
		else
			*to = props[i].href ? href_in(p) : trimmed(p);
	}
}

/* The conditions that matter are told one at a time. */
static struct span
condition_in(const struct xml_node *error)
{
	return error != NULL && error->child != NULL ? error->child->name
						     : SPAN_NONE;
}

static void
read_propstat(const struct xml_node *ps, struct dav_response *r)
{
	const struct xml_node *n = xml_find(ps, NS_DAV, "status"), *p;
	int status = n != NULL ? status_code(n->text) : 200;

	if (status > r->worst)
		r->worst = status;
	if (status / 100 != 2) {
		if (r->error.n == 0)
			r->error = condition_in(
				xml_find(ps, NS_DAV, "error"));
		return;
	}
	n = xml_find(ps, NS_DAV, "prop");
	for (p = n != NULL ? n->child : NULL; p != NULL; p = p->next)
		read_prop(p, r);
}

static void
read_response(const struct xml_node *n, struct dav_response *r)
{
	const struct xml_node *c;

	for (c = n->child; c != NULL; c = c->next) {
		if (xml_is(c, NS_DAV, "href") && r->href.n == 0)
			r->href = trimmed(c);
		else if (xml_is(c, NS_DAV, "status"))
			r->status = status_code(c->text);
		else if (xml_is(c, NS_DAV, "propstat"))
			read_propstat(c, r);
		else if (xml_is(c, NS_DAV, "error"))
			r->error = condition_in(c);
	}
}

void
dav_multi_child(void *ctx, const struct xml_node *n, struct arena *tmp)
{
	struct dav_multi *m = ctx;
	struct dav_response *r;
	int status;

	if (xml_is(n, NS_DAV, "sync-token"))
		m->token = arena_dup(m->a, trimmed(n));
	if (!xml_is(n, NS_DAV, "response"))
		return;
	r = arena_alloc(tmp, sizeof(*r));
	read_response(n, r);
	m->n++;
	status = r->status != 0 ? r->status : r->worst;
	if (status > m->worst)
		m->worst = status;
	if (m->error.n == 0 && r->error.n > 0)
		m->error = arena_dup(m->a, r->error);
	if (m->each != NULL)
		m->each(m->ctx, r);
}

/* ---- errors ----------------------------------------------------------------*/

struct looking {
	const char *name;
	bool found;
};

static void
look_child(void *ctx, const struct xml_node *n, struct arena *tmp)
{
	struct looking *l = ctx;

	(void)tmp;
	l->found |= span_eq(n->name, span_of(l->name));
}

bool
dav_condition(const struct dav_reply *r, const struct dav_multi *m,
	      const char *name)
{
	struct looking l = { .name = name };
	struct dav_xml *x;

	if (m != NULL && span_eq(m->error, span_of(name)))
		return true;
	if (r->body.n == 0 || span_find(r->body, span_of(name)) < 0)
		return false;
	x = dav_xml_open(look_child, &l);
	dav_xml_feed(x, r->body.p, r->body.n);
	if (!dav_xml_done(x, NS_DAV, "error"))
		l.found = false;
	dav_xml_free(&x);
	return l.found;
}

static const struct {
	const char *name;
	enum err_code code;
	enum err_scope scope;
} conditions[] = {
	{ "no-uid-conflict", ERR_CONFLICT, SCOPE_ITEM },
	{ "max-resource-size", ERR_TOO_BIG, SCOPE_ITEM },
	{ "valid-calendar-data", ERR_INVALID, SCOPE_ITEM },
	{ "valid-address-data", ERR_INVALID, SCOPE_ITEM },
	{ "valid-calendar-object-resource", ERR_INVALID, SCOPE_ITEM },
	{ "supported-calendar-data", ERR_INVALID, SCOPE_ITEM },
	{ "supported-address-data", ERR_INVALID, SCOPE_ITEM },
	{ "supported-calendar-component", ERR_INVALID, SCOPE_ITEM },
	{ "min-date-time", ERR_INVALID, SCOPE_ITEM },
	{ "max-date-time", ERR_INVALID, SCOPE_ITEM },
	{ "max-instances", ERR_INVALID, SCOPE_ITEM },
	{ "max-attendees-per-instance", ERR_INVALID, SCOPE_ITEM },
	{ "unique-scheduling-object-resource", ERR_CONFLICT, SCOPE_ITEM },
	{ "same-organizer-in-all-components", ERR_INVALID, SCOPE_ITEM },
	{ "allowed-organizer-scheduling-object-change", ERR_INVALID,
	  SCOPE_ITEM },
	{ "allowed-attendee-scheduling-object-change", ERR_INVALID,
	  SCOPE_ITEM },
	{ "need-privileges", ERR_DENIED, SCOPE_COLLECTION },
	{ "quota-not-exceeded", ERR_QUOTA, SCOPE_COLLECTION },
	{ "sufficient-disk-space", ERR_QUOTA, SCOPE_COLLECTION },
};

static const struct {
	int status;
	enum err_code code;
	enum err_scope scope;
} statuses[] = {
	{ 400, ERR_INVALID, SCOPE_ITEM },
	{ 401, ERR_DENIED, SCOPE_ACCOUNT },
	{ 403, ERR_DENIED, SCOPE_COLLECTION },
	{ 404, ERR_NOT_FOUND, SCOPE_ITEM },
	{ 405, ERR_UNSUPPORTED, SCOPE_COLLECTION },
	{ 409, ERR_CONFLICT, SCOPE_ITEM },
	{ 410, ERR_NOT_FOUND, SCOPE_ITEM },
	{ 412, ERR_CONFLICT, SCOPE_ITEM },
	{ 413, ERR_TOO_BIG, SCOPE_ITEM },
	{ 415, ERR_INVALID, SCOPE_ITEM },
	{ 422, ERR_INVALID, SCOPE_ITEM },
	{ 423, ERR_UNAVAILABLE, SCOPE_ITEM },
	{ 501, ERR_UNSUPPORTED, SCOPE_COLLECTION },
	{ 507, ERR_QUOTA, SCOPE_COLLECTION },
};

bool
dav_refused(const struct dav_reply *r, const struct dav_multi *m, bool item,
	    const char *what, struct err *e)
{
	int status = r->status == 207 && m != NULL ? m->worst
						   : (int)r->status;
	enum err_code code = ERR_PEER;
	enum err_scope scope = SCOPE_COLLECTION;
	const char *why = "";
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (statuses[i].status == status) {
			code = statuses[i].code;
			scope = statuses[i].scope;
		}
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (dav_condition(r, m, conditions[i].name)) {
			code = conditions[i].code;
			scope = conditions[i].scope;
			why = conditions[i].name;
			break;
		}
	if (!item && scope == SCOPE_ITEM)
		scope = SCOPE_COLLECTION;
	return err_set(e, code, scope, "the DAV server answers %s with %d%s%s",
		       what, status, *why ? ", " : "", why);
}
