/* resync: gives the order, then shows how far the phone is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"

#define LOOK_US 500000

struct wait {
	const struct cli *c;
	json_t *left;  /* ids of folders that are not complete */
	json_t *done;  /* as told, those that are */
	size_t folders;
	json_int_t has, should; /* of the complete ones */
};

static void
take_id(json_t *ids, json_int_t id)
{
	size_t i;

	for (i = 0; i < json_array_size(ids); i++)
		if (json_integer_value(json_array_get(ids, i)) == id) {
			json_array_remove(ids, i);
			return;
		}
}

/* A folder that became complete gets a line, once, and is asked about no
 * more. */
static void
complete(struct wait *w, json_t *f)
{
	json_int_t should = cli_number(f, "should");

	w->has += cli_number(f, "has");
	w->should += should;
	take_id(w->left, cli_number(f, "id"));
	json_array_append(w->done, f);
	cli_progress(w->c, NULL);
	if (!w->c->json)
		printf("%s (%lld): %lld item%s\n", cli_text(f, "folder"),
		       cli_number(f, "id"), should, should == 1 ? "" : "s");
	fflush(stdout);
}

/* A folder that is not told of has left the phone meanwhile. */
static void
look(struct wait *w, const json_t *o)
{
	const json_t *folders = json_object_get(o, "folders");
	json_t *gone = json_copy(w->left), *f;
	json_int_t has = 0, should = 0;
	size_t i;

	json_array_foreach(folders, i, f) {
		take_id(gone, cli_number(f, "id"));
		if (cli_number(f, "has") >= cli_number(f, "should")) {
			complete(w, f);
			continue;
		}
		has += cli_number(f, "has");
		should += cli_number(f, "should");
	}
	json_array_foreach(gone, i, f) {
		take_id(w->left, json_integer_value(f));
		w->folders--;
	}
	json_decref(gone);
	cli_progress(w->c, "%lld of %lld items, %zu of %zu folders%s",
		     w->has + has, w->should + should,
		     w->folders - json_array_size(w->left), w->folders,
		     w->has + has == 0 ? " (the phone has not come yet)"
				       : "");
}

static int
wait_for_all(const struct cli *c, json_t *ids)
{
	struct wait w = { .c = c, .left = json_copy(ids),
			  .done = json_array(),
			  .folders = json_array_size(ids) };
	int rc = CLI_OK;
	json_t *o;

	while (json_array_size(w.left) > 0) {
		o = cli_ask(c, json_pack("{sssssssO}", "do", "progress",
					 "user", c->argv[0], "device",
					 c->argv[1], "ids", w.left), &rc);
		if (o == NULL)
			break;
		look(&w, o);
		json_decref(o);
		if (json_array_size(w.left) > 0)
			usleep(LOOK_US);
	}
	cli_progress(c, NULL);
	if (rc == CLI_OK && c->json)
		cli_print_json(w.done);
	else if (rc == CLI_OK)
		printf("the phone has everything: %lld items in %zu "
		       "folder%s\n", w.has, w.folders,
		       w.folders == 1 ? "" : "s");
	json_decref(w.left);
	json_decref(w.done);
	return rc;
}

int
cli_resync(const struct cli *c)
{
	json_t *q = json_pack("{ssssssss}", "do", "resync", "user",
			      c->argv[0], "device", c->argv[1], "folder",
			      c->argc > 2 ? c->argv[2] : "");
	int rc = CLI_OK;
	json_t *o = cli_ask(c, q, &rc);

	if (o == NULL)
		return rc;
	if (!c->no_wait) {
		rc = wait_for_all(c, json_object_get(o, "folders"));
	} else if (c->json) {
		cli_print_json(o);
	} else {
		printf("%zu folder%s will be sent again\n",
		       json_array_size(json_object_get(o, "folders")),
		       json_array_size(json_object_get(o, "folders")) == 1
			       ? "" : "s");
	}
	json_decref(o);
	return rc;
}
