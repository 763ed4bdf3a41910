/* The phone's folder tree: FolderSync and its relatives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/private.h"

static void
folder_free(struct phone_folder *f)
{
	items_free(f);
	free(f->id);
	free(f->parent);
	free(f->name);
	free(f->key);
	free(f->options);
	free(f);
}

void
folders_free(struct phone *p)
{
	struct phone_folder *f;

	while ((f = p->folders)) {
		p->folders = f->next;
		folder_free(f);
	}
}

static struct phone_folder *
folder_add(struct phone *p, const char *id)
{
	struct phone_folder *f = calloc(1, sizeof(*f)), **end = &p->folders;

	while (*end)
		end = &(*end)->next;
	*end = f;
	phone_set(&f->id, id);
	phone_set(&f->key, "0");
	phone_set(&f->options, OPTIONS_HTML);
	f->window = 25;
	return f;
}

void
folders_clone(struct phone *to, const struct phone *from)
{
	const struct phone_folder *f;
	struct phone_folder *n;

	for (f = from->folders; f; f = f->next) {
		n = folder_add(to, f->id);
		phone_set(&n->parent, f->parent);
		phone_set(&n->name, f->name);
		phone_set(&n->key, f->key);
		phone_set(&n->options, f->options);
		n->type = f->type;
		n->window = f->window;
		n->keep_deletes = f->keep_deletes;
		items_clone(n, f);
	}
}

struct phone_folder *
phone_folder_id(struct phone *p, const char *id)
{
	struct phone_folder *f = p->folders;

	while (f && strcmp(f->id, id) != 0)
		f = f->next;
	return f;
}

struct phone_folder *
phone_folder_name(struct phone *p, const char *name)
{
	struct phone_folder *f = p->folders;

	while (f && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

struct phone_folder *
phone_folder_type(struct phone *p, int type)
{
	struct phone_folder *f = p->folders;

	while (f && f->type != type)
		f = f->next;
	return f;
}

struct phone_folder *
phone_need_type(struct phone *p, int type)
{
	struct phone_folder *f = phone_folder_type(p, type);

	if (!f)
		phone_failf("the phone knows no folder of type %d", type);
	return f;
}

struct phone_folder *
phone_need_name(struct phone *p, const char *name)
{
	struct phone_folder *f = phone_folder_name(p, name);

	if (!f)
		phone_failf("the phone knows no folder named %s", name);
	return f;
}

struct phone_folder *
phone_inbox(struct phone *p)
{
	return phone_need_type(p, 2);
}

static void
folder_drop(struct phone *p, const char *id)
{
	struct phone_folder **at = &p->folders, *f;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	f = *at;
	if (!f)
		return;
	*at = f->next;
	folder_free(f);
}

static void
folder_put(struct phone *p, xmlNodePtr n)
{
	const char *id = node_text(n, "ServerId");
	struct phone_folder *f = phone_folder_id(p, id);

	if (!f)
		f = folder_add(p, id);
	phone_set(&f->parent, node_text(n, "ParentId"));
	phone_set(&f->name, node_text(n, "DisplayName"));
	if (node_text(n, "Type"))
		f->type = atoi(node_text(n, "Type"));
}

static void
put_all(struct phone *p, xmlNodePtr changes, const char *path)
{
	size_t i, n = node_count(changes, path);

	for (i = 0; i < n; i++)
		folder_put(p, node_nth(changes, path, i));
}

/* Key 0 listed everything: what is not in the list is gone. */
static void
sweep(struct phone *p, xmlNodePtr changes)
{
	struct phone_folder *f = p->folders, *next;
	char path[128];

	for (; f; f = next) {
		next = f->next;
		snprintf(path, sizeof(path), "Add[ServerId=%s]", f->id);
		if (!node_find(changes, path))
			folder_drop(p, f->id);
	}
}

static void
check_count(struct answer *a, xmlNodePtr changes)
{
	size_t n = node_count(changes, "Add") + node_count(changes, "Update") +
		   node_count(changes, "Delete");
	const char *count = node_text(changes, "Count");

	if (!count || strtoul(count, NULL, 10) != n)
		phone_failf("%s: Count is %s, but there are %zu changes",
			    a->cmd, count ? count : "(absent)", n);
}

static void
apply(struct phone *p, struct answer *a)
{
	xmlNodePtr root, changes;
	bool all = !strcmp(p->folder_key, "0");
	size_t i;

	if (!a->doc || answer_int(a, "/FolderSync/Status") != 1)
		return;
	root = answer_find(a, "/FolderSync");
	changes = node_find(root, "Changes");
	if (changes)
		check_count(a, changes);
	for (i = 0; i < node_count(changes, "Delete"); i++)
		folder_drop(p, node_text(node_nth(changes, "Delete", i),
					 "ServerId"));
	put_all(p, changes, "Update");
	put_all(p, changes, "Add");
	if (all)
		sweep(p, changes);
	phone_set(&p->folder_key, node_text(root, "SyncKey"));
}

struct answer *
phone_folder_sync(struct phone *p)
{
	struct answer *a;

	a = phone_postf(p, "FolderSync",
			"<FolderSync><SyncKey>%s</SyncKey></FolderSync>",
			p->folder_key);
	apply(p, a);
	return a;
}

struct answer *
phone_folder_sync_again(struct phone *p)
{
	struct answer *a = phone_repeat_last(p);

	apply(p, a);
	return a;
}

static bool
accepted(struct phone *p, struct answer *a)
{
	char path[64];

	snprintf(path, sizeof(path), "/%s/Status", a->cmd);
	if (!a->doc || answer_int(a, path) != 1)
		return false;
	snprintf(path, sizeof(path), "/%s/SyncKey", a->cmd);
	phone_set(&p->folder_key, answer_text(a, path));
	return true;
}

struct answer *
phone_folder_create(struct phone *p, const char *parent, const char *name,
		    int type)
{
	char *esc = bytes_xml_escape(name);
	struct phone_folder *f;
	struct answer *a;

	a = phone_postf(p, "FolderCreate",
			"<FolderCreate><SyncKey>%s</SyncKey>"
			"<ParentId>%s</ParentId><DisplayName>%s</DisplayName>"
			"<Type>%d</Type></FolderCreate>",
			p->folder_key, parent, esc, type);
	free(esc);
	if (accepted(p, a)) {
		f = folder_add(p, answer_text(a, "/FolderCreate/ServerId"));
		phone_set(&f->parent, parent);
		phone_set(&f->name, name);
		f->type = type;
	}
	return a;
}

struct answer *
phone_folder_update(struct phone *p, const char *id, const char *parent,
		    const char *name)
{
	char *esc = bytes_xml_escape(name);
	struct phone_folder *f = phone_folder_id(p, id);
	struct answer *a;

	a = phone_postf(p, "FolderUpdate",
			"<FolderUpdate><SyncKey>%s</SyncKey>"
			"<ServerId>%s</ServerId><ParentId>%s</ParentId>"
			"<DisplayName>%s</DisplayName></FolderUpdate>",
			p->folder_key, id, parent, esc);
	free(esc);
	if (accepted(p, a) && f) {
		phone_set(&f->parent, parent);
		phone_set(&f->name, name);
	}
	return a;
}

/* Phones drop the subfolders of a deleted folder by themselves. */
static void
drop_tree(struct phone *p, const char *id)
{
	struct phone_folder *f = p->folders;
	char *gone = strdup(id);

	while (f) {
		if (strcmp(f->parent, gone) != 0) {
			f = f->next;
			continue;
		}
		drop_tree(p, f->id);
		f = p->folders;
	}
	folder_drop(p, gone);
	free(gone);
}

struct answer *
phone_folder_delete(struct phone *p, const char *id)
{
	struct answer *a;

	a = phone_postf(p, "FolderDelete",
			"<FolderDelete><SyncKey>%s</SyncKey>"
			"<ServerId>%s</ServerId></FolderDelete>",
			p->folder_key, id);
	if (accepted(p, a))
		drop_tree(p, id);
	return a;
}
