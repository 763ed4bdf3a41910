/* verify: starts a comparison and shows it while it runs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"

#define LOOK_US 200000

static void
print_line(const json_t *l)
{
	const char *folder = cli_text(l, "folder");
	const char *device = cli_text(l, "device");
	const char *item = cli_text(l, "item");

	printf("%s%s%s%s%s%s%s\n", folder, device[0] ? ", phone " : "",
	       device, folder[0] ? ": " : "", item, item[0] ? " " : "",
	       cli_text(l, "what"));
}

static void
take_lines(const struct cli *c, json_t *all, json_t *o)
{
	json_t *lines = json_object_get(o, "lines"), *l;
	size_t i;

	if (json_array_size(lines) > 0)
		cli_progress(c, NULL);
	json_array_foreach(lines, i, l) {
		if (!c->json)
			print_line(l);
		json_array_append(all, l);
	}
	fflush(stdout);
}

static void
print_sum(const struct cli *c, const json_t *o)
{
	json_int_t d = cli_number(o, "differences");
	json_int_t left = d - cli_number(o, "repaired");

	printf("%lld folder%s, %lld items: ", cli_number(o, "of"),
	       cli_number(o, "of") == 1 ? "" : "s", cli_number(o, "items"));
	if (d == 0)
		printf("everything agrees");
	else if (left == 0)
		printf("%lld difference%s, repaired", d, d == 1 ? "" : "s");
	else
		printf("%lld difference%s, %lld left", d, d == 1 ? "" : "s",
		       left);
	if (cli_number(o, "failed") > 0)
		printf("; %lld not compared", cli_number(o, "failed"));
	puts("");
	if (left > 0 && !c->repair)
		puts("\"--repair\" sets that right");
	else if (left > 0)
		puts("that more than half of a folder is gone is believed "
		     "after 15 minutes, not before");
}

static json_t *
watch_run(const struct cli *c, json_int_t run, json_t *lines, int *rc)
{
	json_t *o;

	for (;;) {
		o = cli_ask(c, json_pack("{sssIsI}", "do", "run", "run", run,
					 "from", (json_int_t)
					 json_array_size(lines)), rc);
		if (o == NULL)
			return NULL;
		take_lines(c, lines, o);
		if (cli_flag(o, "done")) {
			cli_progress(c, NULL);
			return o;
		}
		cli_progress_bar(c, cli_number(o, "at"), cli_number(o, "of"),
				 "%lld of %lld: %s", cli_number(o, "at"),
				 cli_number(o, "of"), cli_text(o, "folder"));
		json_decref(o);
		usleep(LOOK_US);
	}
}

int
cli_verify(const struct cli *c)
{
	json_t *q = json_pack("{ssssssso}", "do", "verify", "user",
			      c->argv[0], "device",
			      c->argc > 1 ? c->argv[1] : "", "repair",
			      json_boolean(c->repair));
	json_t *lines = json_array(), *o;
	int rc = CLI_OK;
	json_int_t run;

	o = cli_ask(c, q, &rc);
	run = cli_number(o, "run");
	json_decref(o);
	if (rc == CLI_OK)
		o = watch_run(c, run, lines, &rc);
	if (rc == CLI_OK) {
		if (cli_number(o, "differences") > cli_number(o, "repaired") ||
		    cli_number(o, "failed") > 0)
			rc = CLI_FAILED;
		json_object_set(o, "lines", lines);
		if (c->json)
			cli_print_json(o);
		else
			print_sum(c, o);
		json_decref(o);
	}
	json_decref(lines);
	return rc;
}
