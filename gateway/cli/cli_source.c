/* source list, off, on. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli_ask.h"
#include "gateway/cli/cli_config.h"

static void
print_sources(const json_t *list)
{
	struct cli_table t = { .a = arena_new(), .columns = 3 };
	const json_t *s;
	size_t i;

	cli_cell(&t, "SOURCE");
	cli_cell(&t, "KIND");
	cli_cell(&t, "STATE");
	json_array_foreach(list, i, s) {
		cli_cell(&t, cli_text(s, "source"));
		cli_cell(&t, cli_text(s, "kind"));
		cli_cell(&t, cli_flag(s, "on") ? "on" : "off");
	}
	cli_print(&t);
	arena_free(&t.a);
}

int
cli_source(const struct cli *c)
{
	const char *verb = strchr(c->cmd->words, ' ') + 1;
	int rc = CLI_OK;
	json_t *o;

	o = cli_ask(c, json_pack("{ssssssss}", "do", "source", "what", verb,
				 "user", c->argv[0], "source",
				 c->argc > 1 ? c->argv[1] : ""), &rc);
	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(json_object_get(o, "sources"));
	else if (strcmp(verb, "list") == 0)
		print_sources(json_object_get(o, "sources"));
	else
		printf("%s of %s is %s\n", cli_text(o, "source"),
		       cli_text(o, "user"), verb);
	json_decref(o);
	return CLI_OK;
}
