/* trace USER: what a user's phones say, as they say it. */
#include <stdio.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"

#define LOOK_US 300000

int
cli_trace_live(const struct cli *c)
{
	int rc = CLI_OK;
	json_int_t tap;
	json_t *o;

	o = cli_ask(c, json_pack("{ssssss}", "do", "trace", "user",
				 c->argv[0], "device",
				 c->argc > 1 ? c->argv[1] : ""), &rc);
	tap = cli_number(o, "tap");
	json_decref(o);
	while (rc == CLI_OK) {
		o = cli_ask(c, json_pack("{sssI}", "do", "tap", "tap", tap),
			    &rc);
		if (o == NULL)
			break;
		fputs(cli_text(o, "text"), stdout);
		json_decref(o);
		if (fflush(stdout) != 0)
			break; /* a pipe whose reader has gone */
		usleep(LOOK_US);
	}
	return rc;
}
