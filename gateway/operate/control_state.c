/* {"do": "state"}: without a user their numbers, with one the report. One
 * user for each question, so that other questions come in between. */
#include "gateway/operate/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/operate/state_report.h"
#include "state/dump.h"

#define REPORT_MAX (CONTROL_LINE / 2) /* JSON writes line ends as two */

static json_t *
list(struct question *q)
{
	struct err e = { 0 };
	json_t *all;
	user_id *v;
	size_t n, i;

	if (!dump_users(q->gw->store, q->a, &v, &n, &e))
		return control_refuse(e.text);
	all = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(all, json_string(arena_printf(
			q->a, "%016llx", (unsigned long long)v[i])));
	return json_pack("{sbso}", "ok", 1, "numbers", all);
}

json_t *
control_state(struct question *q)
{
	const char *number = control_word(q, "number");
	const char *what = control_word(q, "what");
	struct buf b = BUF_INIT(REPORT_MAX);
	user_id user;
	size_t wrong;
	json_t *o;

	if (number[0] == '\0' && control_word(q, "user")[0] == '\0')
		return list(q);
	user = number[0] != '\0' ? strtoull(number, NULL, 16)
				 : user_of(span_of(control_login(q)));
	wrong = state_report(q->gw->store, q->conf, user,
			     strcmp(what, "check") == 0 ? STATE_CHECK
			     : strcmp(what, "dump") == 0
				     ? STATE_DUMP
				     : STATE_DUMP_UNMASKED, &b);
	if (b.full) {
		buf_cut(&b, REPORT_MAX - 64);
		buf_printf(&b, "\n  (more than can be shown)\n");
	}
	o = json_pack("{sbsosI}", "ok", 1, "text", control_text(buf_view(&b)),
		      "wrong", (json_int_t)wrong);
	buf_free(&b);
	return o;
}
