#include "tests/fault/helper_dav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- another program -----------------------------------------------------------*/

static void
put(struct run *r, const char *coll, const char *file, const char *text)
{
	char *path = bytes_format("/%s/%s/%s", r->d.login, coll, file);

	dav_put(&r->d, path, text);
	free(path);
}

void
run_event(struct run *r, const char *coll, const char *uid, const char *title)
{
	char *file = bytes_format("%s.ics", uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"SUMMARY:%s\nX-FOREIGN:kept\nEND:VEVENT\nEND:VCALENDAR\n",
		uid, title);

	put(r, coll, file, text);
	free(file);
	free(text);
}

void
run_task(struct run *r, const char *uid, const char *title)
{
	char *file = bytes_format("%s.ics", uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VTODO\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"SUMMARY:%s\nEND:VTODO\nEND:VCALENDAR\n", uid, title);

	put(r, "calendar", file, text);
	free(file);
	free(text);
}

void
run_card(struct run *r, const char *uid, const char *last)
{
	char *file = bytes_format("%s.vcf", uid);
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\n"
				  "FN:Anna %s\nN:%s;Anna;;;\nX-FOREIGN:kept\n"
				  "END:VCARD\n", uid, last, last);

	put(r, "contacts", file, text);
	free(file);
	free(text);
}

void
run_gone(struct run *r, const char *coll, const char *file)
{
	char *path = bytes_format("/%s/%s/%s", r->d.login, coll, file);

	dav_delete(&r->d, path);
	free(path);
}

void
run_calendar(struct run *r, const char *place, const char *name)
{
	const char *headers[] = { "Content-Type: text/xml", NULL };
	char *path = bytes_format("/%s/%s/", r->d.login, place);
	char *body = bytes_format(
		"<?xml version=\"1.0\"?><c:mkcalendar xmlns=\"DAV:\" "
		"xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><set><prop>"
		"<displayname>%s</displayname>"
		"<c:supported-calendar-component-set>"
		"<c:comp name=\"VEVENT\"/>"
		"</c:supported-calendar-component-set></prop></set>"
		"</c:mkcalendar>", name);

	free(dav_ask(&r->d, "MKCALENDAR", path, headers, body, strlen(body)));
	if (r->d.status / 100 != 2)
		run_failf("MKCALENDAR: %d", r->d.status);
	free(path);
	free(body);
}

/* ---- the phone -------------------------------------------------------------------*/

char *
event_data(const char *title, const char *uid)
{
	return bytes_format(
		"<ApplicationData>"
		"<calendar:AllDayEvent>0</calendar:AllDayEvent>"
		"<calendar:BusyStatus>2</calendar:BusyStatus>"
		"<calendar:DtStamp>20261101T000000Z</calendar:DtStamp>"
		"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"
		"<calendar:Sensitivity>0</calendar:Sensitivity>"
		"<calendar:Subject>%s</calendar:Subject>"
		"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"
		"<calendar:UID>%s</calendar:UID>"
		"<calendar:MeetingStatus>0</calendar:MeetingStatus>"
		"</ApplicationData>", title, uid);
}

char *
task_data(const char *title)
{
	return bytes_format("<ApplicationData>"
			    "<tasks:Subject>%s</tasks:Subject>"
			    "<tasks:Importance>1</tasks:Importance>"
			    "<tasks:Complete>0</tasks:Complete>"
			    "<tasks:Sensitivity>0</tasks:Sensitivity>"
			    "</ApplicationData>", title);
}

char *
card_data(const char *last)
{
	return bytes_format("<ApplicationData>"
			    "<contacts:FileAs>Anna %s</contacts:FileAs>"
			    "<contacts:FirstName>Anna</contacts:FirstName>"
			    "<contacts:LastName>%s</contacts:LastName>"
			    "</ApplicationData>", last, last);
}

const char *
dav_kind(const struct phone_folder *f)
{
	switch (f->type) {
	case 8:
	case 13:
		return "event";
	case 9:
	case 14:
		return "contact";
	case 7:
	case 15:
		return "task";
	case 10:
	case 17:
		return "note";
	default:
		return NULL;
	}
}

static const char *
title_of(const struct phone_folder *f, const struct phone_item *it)
{
	const char *s = item_text(it, f->type == 9 || f->type == 14
					      ? "LastName"
					      : "Subject");

	return s ? s : "?";
}

const char *
run_titled(struct run *r, struct phone_folder *f, const char *title)
{
	const struct phone_item *it;

	(void)r;
	for (it = f->items; it; it = it->next)
		if (!strcmp(title_of(f, it), title))
			return it->id;
	run_failf("no '%s' on the phone in %s", title, f->name);
}

/* A calendar of several kinds is several folders, which say so behind their
 * names. */
static int
bare(const char *name)
{
	const char *at = strstr(name, " (Tasks)");

	if (!at)
		at = strstr(name, " (Notes)");
	return at ? (int)(at - name) : (int)strlen(name);
}

void
look_phone(const struct phone_folder *f, void (*line)(void *, char *),
	   void *ctx)
{
	char *name = bytes_format("dav %.*s %s", bare(f->name), f->name,
				  dav_kind(f));
	const struct phone_item *it;

	line(ctx, strdup(name));
	for (it = f->items; it; it = it->next)
		line(ctx, bytes_format("%s|%s", name, title_of(f, it)));
	free(name);
}

/* ---- the server --------------------------------------------------------------------*/

static const struct {
	const char *comp, *begin, *title, *kind;
} comps[] = {
	{ "VEVENT", "BEGIN:VEVENT\r\n", "\nSUMMARY:", "event" },
	{ "VTODO", "BEGIN:VTODO\r\n", "\nSUMMARY:", "task" },
	{ "VJOURNAL", "BEGIN:VJOURNAL\r\n", "\nSUMMARY:", "note" },
	{ "", "BEGIN:VCARD\r\n", "\nN:", "contact" },
};

/* Radicale gives a whole collection for a GET of it. */
static void
objects(const char *text, const char *name, size_t kind,
	void (*line)(void *, char *), void *ctx)
{
	const char *at = text, *title;

	line(ctx, bytes_format("dav %s %s", name, comps[kind].kind));
	while ((at = strstr(at, comps[kind].begin)) != NULL) {
		at++;
		title = strstr(at, comps[kind].title);
		title = title ? title + strlen(comps[kind].title) : "?";
		line(ctx, bytes_format("dav %s %s|%.*s", name,
				       comps[kind].kind,
				       (int)strcspn(title, ";\r\n"), title));
	}
}

static bool
has_comp(xmlNodePtr response, const char *comp)
{
	static const char path[] =
		"propstat/prop/supported-calendar-component-set/comp";
	size_t i, n = node_count(response, path);
	bool has = false;
	xmlChar *name;

	for (i = 0; i < n; i++) {
		name = xmlGetProp(node_nth(response, path, i),
				  (const xmlChar *)"name");
		has |= name && !strcmp((char *)name, comp);
		xmlFree(name);
	}
	return has;
}

static void
collection(struct run *r, xmlNodePtr response,
	   void (*line)(void *, char *), void *ctx)
{
	const char *type = "propstat/prop/resourcetype/";
	char *book = bytes_format("%saddressbook", type);
	char *cal = bytes_format("%scalendar", type);
	const char *href = node_text(response, "href");
	const char *name = node_text(response, "propstat/prop/displayname");
	bool is_book = node_find(response, book) != NULL;
	size_t i;
	char *text;

	if (is_book || node_find(response, cal)) {
		text = dav_get(&r->d, href);
		for (i = 0; i < 4; i++)
			if (i == 3 ? is_book
				   : !is_book &&
					     has_comp(response, comps[i].comp))
				objects(text ? text : "", name ? name : "?", i,
					line, ctx);
		free(text);
	}
	free(book);
	free(cal);
}

void
look_server(struct run *r, void (*line)(void *, char *), void *ctx)
{
	static const char ask[] =
		"<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\" "
		"xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><prop>"
		"<displayname/><resourcetype/>"
		"<c:supported-calendar-component-set/></prop></propfind>";
	const char *headers[] = { "Depth: 1", "Content-Type: text/xml", NULL };
	char *home = bytes_format("/%s/", r->d.login);
	char *xml = dav_ask(&r->d, "PROPFIND", home, headers, ask,
			    sizeof(ask) - 1);
	xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
				      XML_PARSE_NONET);
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
	size_t i, n = root ? node_count(root, "response") : 0;

	if (!n)
		run_failf("PROPFIND %s: %d %s", home, r->d.status, xml);
	for (i = 0; i < n; i++)
		collection(r, node_nth(root, "response", i), line, ctx);
	xmlFreeDoc(doc);
	free(xml);
	free(home);
}
