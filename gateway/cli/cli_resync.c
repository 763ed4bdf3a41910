/* resync: gives the order, then shows how far the phone is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"

#define LOOK_US 500000

static bool
is_among(const json_t *ids, json_int_t id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ids, i, one)
		if (json_integer_value(one) == id)
			return true;
	return false;
}

struct sum {
	size_t folders, done;
	json_int_t has, should;
};

/* Folders that became complete get a line, once. */
static struct sum
add_up(const struct cli *c, const json_t *ids, json_t *said, const json_t *o)
{
	const json_t *f;
	struct sum s = { 0 };
	size_t i;

	json_array_foreach(json_object_get(o, "folders"), i, f) {
		json_int_t id = cli_number(f, "id");
		json_int_t has = cli_number(f, "has");
		json_int_t should = cli_number(f, "should");

		if (!is_among(ids, id))
			continue;
		s.folders++;
		s.has += has;
		s.should += should;
		if (has < should)
			continue;
		s.done++;
		if (is_among(said, id))
			continue;
		json_array_append_new(said, json_integer(id));
		cli_progress(c, NULL);
		if (!c->json)
			printf("%s (%lld): %lld item%s\n",
			       cli_text(f, "folder"), id, should,
			       should == 1 ? "" : "s");
		fflush(stdout);
	}
	return s;
}

static int
wait_for_all(const struct cli *c, const json_t *ids)
{
	json_t *said = json_array(), *o;
	struct sum s = { .folders = 1 };
	int rc = CLI_OK;

	while (s.done < s.folders) {
		o = cli_ask(c, json_pack("{ssssss}", "do", "progress",
					 "user", c->argv[0], "device",
					 c->argv[1]), &rc);
		if (o == NULL)
			break;
		s = add_up(c, ids, said, o);
		cli_progress_bar(c, s.has, s.should,
				 "%lld of %lld items, %zu of %zu folders%s",
				 s.has, s.should, s.done, s.folders,
				 s.has == 0 ? " (the phone has not come yet)"
					    : "");
		if (s.done == s.folders && c->json)
			cli_print_json(o);
		json_decref(o);
		if (s.done < s.folders)
			usleep(LOOK_US);
	}
	cli_progress(c, NULL);
	if (rc == CLI_OK && !c->json)
		printf("the phone has everything: %lld items in %zu "
		       "folders\n", s.has, s.folders);
	json_decref(said);
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
