/* device classes: shows or sets what a phone is given. */
#include <stdio.h>

#include "gateway/cli/cli_ask.h"

int
cli_classes(const struct cli *c)
{
	const char *classes = c->argc > 2 ? c->argv[2] : "";
	const json_t *d;
	int rc = CLI_OK;
	json_t *o;

	o = cli_ask(c, json_pack("{ssssssssss}", "do", "device", "what",
				 classes[0] ? "classes" : "show", "user",
				 c->argv[0], "device", c->argv[1], "classes",
				 classes), &rc);
	if (o == NULL)
		return rc;
	d = json_object_get(o, "device");
	if (c->json)
		cli_print_json(json_object_get(o, "device"));
	else
		printf("%s of %s is given: %s\n", cli_text(d, "device"),
		       cli_text(d, "user"), cli_text(d, "classes"));
	json_decref(o);
	return CLI_OK;
}
