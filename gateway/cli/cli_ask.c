#include "gateway/cli/cli_ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/cli/cli_config.h"
#include "gateway/operate/control.h"

json_t *
cli_ask(const struct cli *c, json_t *question, int *rc)
{
	struct config *conf = cli_config_quiet(c);
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };
	char *line = json_dumps(question, JSON_COMPACT);
	json_t *answer = NULL;

	json_decref(question);
	if (conf == NULL)
		*rc = CLI_USAGE;
	else if (line == NULL)
		*rc = cli_fail(CLI_USAGE, "the arguments are no UTF-8");
	else if (!control_ask(conf->state, line, &b, &e))
		*rc = cli_fail(CLI_NOT_RUNNING, "%s\n  Is it running? "
			       "(systemctl status easbridge) May you read %s?",
			       e.text, conf->state);
	else
		answer = json_loadb(b.p, b.n, JSON_DISABLE_EOF_CHECK, NULL);
	if (answer != NULL && !json_is_true(json_object_get(answer, "ok"))) {
		*rc = cli_fail(CLI_FAILED, "%s", json_string_value(
				       json_object_get(answer, "error")));
		json_decref(answer);
		answer = NULL;
	}
	free(line);
	buf_free(&b);
	config_put(&conf);
	return answer;
}

const char *
cli_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

json_int_t
cli_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

bool
cli_flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

int
cli_print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	return CLI_OK;
}

void
cli_progress(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->json || !isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	if (fmt != NULL) {
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
	}
	fflush(stderr);
}

#define BAR 24

void
cli_progress_bar(const struct cli *c, json_int_t at, json_int_t of,
		 const char *fmt, ...)
{
	json_int_t full = of > 0 ? at * BAR / of : 0;
	char bar[BAR + 1], text[200];
	va_list ap;
	int i;

	for (i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR] = '\0';
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_progress(c, "[%s] %s", bar, text);
}
