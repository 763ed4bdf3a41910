/* easbridge unlink, relink: which cards merged contacts never show as one. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli_ask.h"

static int
list(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(c, json_pack("{ss ss}", "do", "unlinked", "user",
					 c->argv[0]), &rc), *pair;
	size_t i;

	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(json_object_get(o, "unlinked"));
	json_array_foreach(json_object_get(o, "unlinked"), i, pair)
		if (!c->json)
			printf("%s\n  and %s\n",
			       json_string_value(json_array_get(pair, 0)),
			       json_string_value(json_array_get(pair, 1)));
	json_decref(o);
	return CLI_OK;
}

int
cli_unlink(const struct cli *c)
{
	bool link = strcmp(c->cmd->words, "relink") == 0;
	int rc = CLI_OK;
	json_t *o;

	if (c->argc == 1)
		return list(c);
	if (c->argc != 3)
		return cli_fail(CLI_USAGE, "two cards are wanted, or none to "
				"see who is kept apart");
	o = cli_ask(c, json_pack("{ss ss s[ss]}", "do",
				 link ? "relink" : "unlink", "user",
				 c->argv[0], "cards", c->argv[1], c->argv[2]),
		    &rc);
	if (o == NULL)
		return rc;
	puts(link ? "they may be shown as one again"
		  : "they are shown apart from now on");
	json_decref(o);
	return CLI_OK;
}
