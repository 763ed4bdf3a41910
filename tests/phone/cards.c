#include "tests/phone/cards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
cards_up(struct cards *c, const char *name, const char *log_level)
{
	static const char *const names[CARD_SERVERS] = { "Radicale", "Cyrus",
							 "Xandikos" };
	size_t i;

	memset(c, 0, sizeof(*c));
	harness_up(&c->h, &(struct harness_options){
				  .name = name,
				  .no_daemon = true,
				  .log_level = log_level,
				  .stack = "--with radicale,cyrus,xandikos" });
	for (i = 0; i < CARD_SERVERS; i++) {
		struct dav_side *d = &c->side[c->n];

		if (!dav_side(&c->h, names[i], (int)i, d)) {
			printf("%s did not start: not tested\n", names[i]);
			continue;
		}
		dav_configure(&c->h, d, NULL);
		c->n++;
	}
	c->d = &c->side[0];
	harness_restart(&c->h);
}

int
cards_down(struct cards *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		dav_close(&c->side[i]);
	return harness_down(&c->h);
}

int
cards_run_at_each(struct cards *c, const char *name,
		  const struct CMUnitTest *tests, size_t n)
{
	int failed = 0;
	size_t i;

	cards_up(c, name, NULL);
	for (i = 0; i < c->n; i++) {
		c->d = &c->side[i];
		print_message("-- %s\n", c->d->name);
		/* What the macro is that wants to know the array. */
		failed += _cmocka_run_group_tests(c->d->name, tests, n, NULL,
						  NULL);
	}
	return cards_down(c) != 0 || failed != 0;
}

struct phone *
cards_phone(struct cards *c, const char *device)
{
	char id[32];

	snprintf(id, sizeof(id), "%.1s%s", c->d->name, device);
	return harness_ready_phone(&c->h, c->d->user, id);
}

/* ---- cards -------------------------------------------------------------*/

char *
card_text(const char *uid, const char *first, const char *last,
	  const char *more)
{
	return bytes_format(
		"BEGIN:VCARD\nVERSION:3.0\nUID:%s\nN:%s;%s;;;\nFN:%s %s\n"
		"item1.X-FOREIGN;X-P=\"q;r\":kept\nitem1.X-ABLabel:mine\n"
		"X-ALSO-FOREIGN:yes\n%sEND:VCARD\n",
		uid, last, first, first, last, more);
}

char *
card_put(struct dav_side *d, const char *uid, const char *first,
	 const char *last, const char *more)
{
	char *text = card_text(uid, first, last, more);
	char *path = bytes_format("%s%s.vcf", d->book, uid);

	dav_put(d, path, text);
	free(text);
	return path;
}

/* ---- contacts ----------------------------------------------------------*/

struct phone_folder *
contacts_of(struct phone *p)
{
	return phone_need_type(p, 9);
}

struct phone_item *
contact_find(struct phone_folder *f, const char *last)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "LastName");

		if (s && !strcmp(s, last))
			return it;
	}
	return NULL;
}

struct phone_item *
contact_need(struct phone_folder *f, const char *last)
{
	struct phone_item *it = contact_find(f, last);

	if (!it)
		phone_failf("no contact '%s' in %s", last, f->name);
	return it;
}

struct sync_result
contact_add(struct phone *p, struct phone_folder *f, const char *client_id,
	    const char *last, const char *xml)
{
	return phone_syncf(p, f,
			   "<Add><ClientId>%s</ClientId><ApplicationData>"
			   "<contacts:FileAs>%s</contacts:FileAs>"
			   "<contacts:LastName>%s</contacts:LastName>%s"
			   "</ApplicationData></Add>",
			   client_id, last, last, xml);
}

static void
put_element(struct bytes *b, xmlNodePtr n)
{
	const char *ns = n->ns ? (const char *)n->ns->href : "Contacts";
	const char *prefix = !strcmp(ns, "Contacts2")     ? "contacts2"
			     : !strcmp(ns, "AirSyncBase") ? "base"
							  : "contacts";
	xmlNodePtr c;
	xmlChar *text;
	char *esc;

	bytes_printf(b, "<%s:%s>", prefix, (const char *)n->name);
	if (xmlChildElementCount(n) > 0) {
		for (c = n->children; c; c = c->next)
			if (c->type == XML_ELEMENT_NODE)
				put_element(b, c);
	} else {
		text = xmlNodeGetContent(n);
		esc = bytes_xml_escape((const char *)text);
		bytes_str(b, esc);
		free(esc);
		xmlFree(text);
	}
	bytes_printf(b, "</%s:%s>", prefix, (const char *)n->name);
}

static struct sync_result
change(struct phone *p, struct phone_folder *f, const char *last,
       const char *xml, bool whole)
{
	struct phone_item *it = contact_need(f, last);
	struct bytes b = { 0 };
	struct sync_result r;
	xmlNodePtr n;
	char open[80];

	bytes_str(&b, xml);
	for (n = item_fields(it)->children; whole && n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE ||
		    !strcmp((const char *)n->name, "NativeBodyType"))
			continue;
		snprintf(open, sizeof(open), ":%s>", (const char *)n->name);
		if (!strstr(xml, open))
			put_element(&b, n);
	}
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>%s"
			"</ApplicationData></Change>",
			it->id, b.p);
	bytes_free(&b);
	return r;
}

struct sync_result
contact_change(struct phone *p, struct phone_folder *f, const char *last,
	       const char *xml)
{
	return change(p, f, last, xml, true);
}

struct sync_result
contact_change_part(struct phone *p, struct phone_folder *f, const char *last,
		    const char *xml)
{
	return change(p, f, last, xml, false);
}
