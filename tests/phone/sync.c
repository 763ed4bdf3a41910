/* Sync: building requests, applying answers to the phone's store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/private.h"
#include "tests/phone/wire.h"

#define MAX_ROUNDS 2000

/* ---- the store ---------------------------------------------------------*/

static void
item_free(struct phone_item *it)
{
	xmlFreeDoc(it->fields);
	free(it->id);
	free(it);
}

static void
list_free(struct phone_item **list)
{
	struct phone_item *it;

	while ((it = *list)) {
		*list = it->next;
		item_free(it);
	}
}

void
items_free(struct phone_folder *f)
{
	list_free(&f->items);
	list_free(&f->moved);
}

struct phone_item *
folder_item(const struct phone_folder *f, const char *id)
{
	struct phone_item *it = f->items;

	while (it && strcmp(it->id, id) != 0)
		it = it->next;
	return it;
}

size_t
folder_count(const struct phone_folder *f)
{
	const struct phone_item *it;
	size_t n = 0;

	for (it = f->items; it; it = it->next)
		n++;
	return n;
}

struct phone_item *
folder_subject(const struct phone_folder *f, const char *subject)
{
	struct phone_item *it;
	const char *have;

	for (it = f->items; it; it = it->next) {
		have = item_text(it, "Subject");
		if (have && !strcmp(have, subject))
			return it;
	}
	return NULL;
}

struct phone_item *
folder_need(const struct phone_folder *f, const char *subject)
{
	struct phone_item *it = folder_subject(f, subject);

	if (!it)
		phone_failf("no item '%s' among the %zu of %s", subject,
			    folder_count(f), f->name);
	return it;
}

xmlNodePtr
item_fields(const struct phone_item *it)
{
	return xmlDocGetRootElement(it->fields);
}

const char *
item_text(const struct phone_item *it, const char *path)
{
	return node_text(item_fields(it), path);
}

static xmlDocPtr
doc_of(xmlNodePtr data)
{
	xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");

	xmlDocSetRootElement(doc, data ? xmlDocCopyNode(data, doc, 1)
				       : xmlNewDocNode(doc, NULL,
						       BAD_CAST
						       "ApplicationData",
						       NULL));
	return doc;
}

static struct phone_item *
item_add(struct phone_folder *f, const char *id)
{
	struct phone_item *it = calloc(1, sizeof(*it)), **end = &f->items;

	while (*end)
		end = &(*end)->next;
	*end = it;
	phone_set(&it->id, id);
	return it;
}

static void
item_replace(struct phone_item *it, xmlNodePtr data)
{
	if (it->fields)
		xmlFreeDoc(it->fields);
	it->fields = doc_of(data);
}

void
items_clone(struct phone_folder *to, const struct phone_folder *from)
{
	const struct phone_item *it;

	for (it = from->items; it; it = it->next)
		item_replace(item_add(to, it->id), item_fields(it));
}

static void
remove_same(xmlNodePtr root, xmlNodePtr like)
{
	xmlNodePtr n = root->children, next;

	for (; n; n = next) {
		next = n->next;
		if (n->type != XML_ELEMENT_NODE ||
		    !xmlStrEqual(n->name, like->name))
			continue;
		xmlUnlinkNode(n);
		xmlFreeNode(n);
	}
}

/* An element that is there replaces the one before; absent ones stay. */
static void
item_merge(struct phone_item *it, xmlNodePtr data)
{
	xmlNodePtr root = item_fields(it), n;

	for (n = data ? data->children : NULL; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		remove_same(root, n);
		xmlAddChild(root, xmlDocCopyNode(n, it->fields, 1));
	}
}

static struct phone_item *
list_take(struct phone_item **at, const char *id)
{
	struct phone_item *it;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	it = *at;
	if (it)
		*at = it->next;
	return it;
}

static bool
item_drop(struct phone_folder *f, const char *id)
{
	struct phone_item *it = list_take(&f->items, id);

	if (!it)
		it = list_take(&f->moved, id);
	if (it)
		item_free(it);
	return it != NULL;
}

void
item_moved(struct phone_folder *from, const char *id,
	   struct phone_folder *to, const char *new_id)
{
	struct phone_item *it = from ? list_take(&from->items, id) : NULL;

	if (!it)
		return;
	if (to && !folder_item(to, new_id))
		item_replace(item_add(to, new_id), item_fields(it));
	it->next = from->moved;
	from->moved = it;
}

void
phone_reset_folder(struct phone_folder *f)
{
	items_free(f);
	phone_set(&f->key, "0");
}

void
phone_set_options(struct phone_folder *f, const char *options)
{
	phone_set(&f->options, options);
}

/* ---- applying ----------------------------------------------------------*/

static bool
is(xmlNodePtr n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	       !strcmp((const char *)n->name, name);
}

static void
apply_add(struct phone_folder *f, xmlNodePtr n, struct sync_result *r)
{
	const char *id = node_text(n, "ServerId");
	struct phone_item *it = folder_item(f, id);

	r->adds++;
	if (it)
		r->readds++;
	else
		it = item_add(f, id);
	item_replace(it, node_find(n, "ApplicationData"));
}

static void
apply_change(struct phone_folder *f, xmlNodePtr n, struct sync_result *r)
{
	struct phone_item *it = folder_item(f, node_text(n, "ServerId"));

	r->changes++;
	if (it)
		item_merge(it, node_find(n, "ApplicationData"));
	else
		r->unknown++;
}

static void
apply_command(struct phone_folder *f, xmlNodePtr n, struct sync_result *r)
{
	if (is(n, "Add")) {
		apply_add(f, n, r);
	} else if (is(n, "Change")) {
		apply_change(f, n, r);
	} else if (is(n, "Delete")) {
		r->deletes++;
		r->unknown += !item_drop(f, node_text(n, "ServerId"));
	} else if (is(n, "SoftDelete")) {
		r->soft_deletes++;
		r->unknown += !item_drop(f, node_text(n, "ServerId"));
	}
}

static xmlNodePtr
response_for(xmlNodePtr coll, xmlNodePtr command)
{
	const char *id = node_text(command, "ClientId");
	char path[160];

	snprintf(path, sizeof(path), "Responses/%s[%s=%s]", command->name,
		 id ? "ClientId" : "ServerId",
		 id ? id : node_text(command, "ServerId"));
	return node_find(coll, path);
}

static void
own_add(struct phone_folder *f, xmlNodePtr n, xmlNodePtr response)
{
	const char *id = node_text(response, "ServerId");

	if (id && !folder_item(f, id))
		item_replace(item_add(f, id), node_find(n, "ApplicationData"));
}

/* What the phone asked and the server did not refuse is true here too. */
static void
apply_own(struct phone_folder *f, xmlNodePtr n, xmlNodePtr coll,
	  struct sync_result *r)
{
	xmlNodePtr response = response_for(coll, n), data;
	const char *status = node_text(response, "Status"), *id;
	struct phone_item *it;

	if (status && strcmp(status, "1") != 0) {
		r->failed++;
		return;
	}
	if (is(n, "Add")) {
		own_add(f, n, response);
		return;
	}
	id = node_text(n, "ServerId");
	it = folder_item(f, id);
	if (is(n, "Delete"))
		item_drop(f, id);
	data = node_find(is(n, "Fetch") ? response : n, "ApplicationData");
	if (it && (is(n, "Change") || is(n, "Fetch")))
		item_merge(it, data);
}

static void
each_own(struct phone_folder *f, xmlDocPtr request, xmlNodePtr coll,
	 struct sync_result *r)
{
	char path[160];
	xmlNodePtr commands, n;

	if (!request)
		return;
	snprintf(path, sizeof(path),
		 "Sync/Collections/Collection[CollectionId=%s]/Commands",
		 f->id);
	commands = node_find((xmlNodePtr)request, path);
	for (n = commands ? commands->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			apply_own(f, n, coll, r);
}

static void
apply_collection(struct phone *p, xmlNodePtr coll, xmlDocPtr request,
		 struct sync_result *r)
{
	const char *id = node_text(coll, "CollectionId");
	struct phone_folder *f = id ? phone_folder_id(p, id) : NULL;
	const char *status = node_text(coll, "Status");
	xmlNodePtr commands = node_find(coll, "Commands"), n;

	r->status = status ? atoi(status) : 0;
	if (r->status != 1)
		return;
	if (!f) {
		phone_failf("Sync: collection %s, which the phone has not",
			    id ? id : "(absent)");
		return;
	}
	each_own(f, request, coll, r);
	for (n = commands ? commands->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			apply_command(f, n, r);
	r->more = r->more || node_find(coll, "MoreAvailable");
	phone_set(&f->key, node_text(coll, "SyncKey"));
}

static struct sync_result
apply(struct phone *p, struct answer *a, xmlDocPtr request)
{
	struct sync_result r = { .a = a, .root = 1, .status = 1, .rounds = 1 };
	size_t i, n;

	if (a->status != 200) {
		r.root = 0;
		r.status = 0;
		return r;
	}
	r.empty = a->n_raw == 0;
	if (!a->doc)
		return r;
	if (answer_has(a, "/Sync/Status"))
		r.root = answer_int(a, "/Sync/Status");
	n = answer_count(a, "/Sync/Collections/Collection");
	for (i = 0; i < n; i++)
		apply_collection(p,
				 answer_nth(a, "/Sync/Collections/Collection",
					    i),
				 request, &r);
	return r;
}

static struct sync_result
apply_last(struct phone *p, struct answer *a)
{
	xmlDocPtr request = phone_last_request(p);
	struct sync_result r = apply(p, a, request);

	if (request)
		xmlFreeDoc(request);
	return r;
}

struct sync_result
phone_sync_post(struct phone *p, const char *xml)
{
	return apply_last(p, phone_post(p, "Sync", xml));
}

struct sync_result
phone_sync_again(struct phone *p)
{
	return apply_last(p, phone_repeat_last(p));
}

struct sync_result
phone_sync_apply(struct phone *p, struct answer *a, const char *request)
{
	struct bytes b = { 0 };
	struct wire_error e;
	struct sync_result r;
	xmlDocPtr doc = NULL;

	if (request && wire_encode(&b, request, &e))
		doc = wire_decode(b.p, b.n, NULL, &e);
	r = apply(p, a, doc);
	if (doc)
		xmlFreeDoc(doc);
	bytes_free(&b);
	return r;
}

/* ---- asking ------------------------------------------------------------*/

char *
phone_collection(const struct phone_folder *f, const char *commands)
{
	struct bytes b = { 0 };

	bytes_printf(&b,
		     "<Collection><SyncKey>%s</SyncKey>"
		     "<CollectionId>%s</CollectionId>",
		     f->key, f->id);
	if (strcmp(f->key, "0") != 0) {
		bytes_printf(&b, "<DeletesAsMoves>%d</DeletesAsMoves>",
			     !f->keep_deletes);
		bytes_str(&b, "<GetChanges/>");
		if (f->window)
			bytes_printf(&b, "<WindowSize>%d</WindowSize>",
				     f->window);
		if (f->options)
			bytes_printf(&b, "<Options>%s</Options>", f->options);
		if (commands)
			bytes_printf(&b, "<Commands>%s</Commands>", commands);
	}
	bytes_str(&b, "</Collection>");
	return b.p;
}

struct sync_result
phone_sync(struct phone *p, struct phone_folder *f, const char *commands)
{
	char *coll = phone_collection(f, commands), *xml;
	struct sync_result r;

	xml = bytes_format("<Sync><Collections>%s</Collections></Sync>", coll);
	r = phone_sync_post(p, xml);
	free(coll);
	free(xml);
	return r;
}

struct sync_result
phone_syncf(struct phone *p, struct phone_folder *f, const char *fmt, ...)
{
	struct bytes b = { 0 };
	struct sync_result r;
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	r = phone_sync(p, f, b.p);
	bytes_free(&b);
	return r;
}

static void
sum(struct sync_result *all, const struct sync_result *r)
{
	all->a = r->a;
	all->root = r->root;
	all->status = r->status;
	all->empty = r->empty;
	all->more = r->more;
	all->rounds += r->rounds;
	all->adds += r->adds;
	all->readds += r->readds;
	all->changes += r->changes;
	all->deletes += r->deletes;
	all->soft_deletes += r->soft_deletes;
	all->unknown += r->unknown;
	all->failed += r->failed;
}

static bool
progressed(const struct sync_result *r)
{
	return r->adds || r->changes || r->deletes || r->soft_deletes;
}

static void
demand_good(struct phone_folder *f, const struct sync_result *r)
{
	char *show;

	if (r->root == 1 && r->status == 1 && !r->unknown)
		return;
	show = answer_show(r->a);
	phone_failf("Sync of %s: root Status %d, Status %d, %u commands for "
		    "items the phone has not, in\n%s",
		    f->name, r->root, r->status, r->unknown, show);
	free(show);
}

static struct sync_result
one_round(struct phone *p, struct phone_folder *f)
{
	struct sync_result r = phone_sync(p, f, NULL);

	if (r.status != 3) {
		demand_good(f, &r);
		return r;
	}
	if (f->resets++)
		phone_failf("Sync of %s: Status 3 again", f->name);
	phone_reset_folder(f);
	r.more = true;
	return r;
}

struct sync_result
phone_sync_all(struct phone *p, struct phone_folder *f)
{
	struct sync_result all = { 0 }, r;
	unsigned idle = 0, resets = f->resets;
	bool prime;

	f->resets = 0;
	do {
		prime = !strcmp(f->key, "0");
		r = one_round(p, f);
		sum(&all, &r);
		idle = progressed(&r) || prime ? 0 : idle + 1;
		if (r.more && idle > 1)
			phone_failf("Sync of %s: MoreAvailable without end",
				    f->name);
	} while ((r.more || prime) && all.rounds < MAX_ROUNDS);
	f->resets += resets;
	return all;
}

/* ---- one command -------------------------------------------------------*/

struct sync_result
phone_set_read(struct phone *p, struct phone_folder *f, const char *id,
	       bool read)
{
	return phone_syncf(p, f,
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "<email:Read>%d</email:Read></ApplicationData>"
			   "</Change>",
			   id, read);
}

struct sync_result
phone_set_flag(struct phone *p, struct phone_folder *f, const char *id,
	       const char *content)
{
	return phone_syncf(p, f,
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "<email:Flag>%s</email:Flag></ApplicationData>"
			   "</Change>",
			   id, content);
}

struct sync_result
phone_delete(struct phone *p, struct phone_folder *f, const char *id)
{
	char *own = strdup(id); /* id may be the item's own */
	struct sync_result r;

	r = phone_syncf(p, f, "<Delete><ServerId>%s</ServerId></Delete>", own);
	free(own);
	return r;
}

struct answer *
phone_fetch_by_sync(struct phone *p, struct phone_folder *f, const char *id)
{
	return phone_syncf(p, f, "<Fetch><ServerId>%s</ServerId></Fetch>", id)
		.a;
}
