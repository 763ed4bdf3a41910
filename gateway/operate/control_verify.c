/* {"do": "verify"} starts a run and tells its number; {"do": "run"} tells
 * how far that is, and the lines from the given one on. */
#include "gateway/operate/control_private.h"

#include <string.h>

#include "gateway/config/config.h"
#include "gateway/operate/verify.h"
#include "state/devices.h"

/* Also for somebody whose phones have not been there since the start: the
 * passwords of the user file do. */
static json_t *
start(struct question *q, struct user_conf *u, const struct device *d)
{
	const char *login = u->logins[0];
	struct account *a = account_get(q->gw, u, user_of(span_of(login)),
					login, "");
	bool repair = json_is_true(json_object_get(q->q, "repair"));
	uint64_t n = verifier_start(q->gw, a, d ? device_of(d->id) : 0,
				    repair);

	account_put(&a);
	if (n == 0)
		return control_refuse("too many comparisons wait already");
	return json_pack("{sbsI}", "ok", 1, "run", (json_int_t)n);
}

json_t *
control_verify(struct question *q)
{
	const char *login = control_login(q);
	struct user_conf *u = config_user(q->conf, login);
	struct device *d = NULL;
	json_t *answer = NULL;

	if (u == NULL)
		return control_refuse(arena_printf(
			q->a, "nobody has the login \"%s\": \"easbridge "
			      "users\" shows who is known", login));
	if (control_word(q, "device")[0] != '\0')
		d = control_device(q, login, &answer);
	if (answer == NULL)
		answer = start(q, u, d);
	user_conf_put(&u);
	return answer;
}

json_t *
control_run_look(struct question *q)
{
	json_int_t n = json_integer_value(json_object_get(q->q, "run"));
	json_int_t from = json_integer_value(json_object_get(q->q, "from"));
	json_t *o = verifier_look(q->gw, (uint64_t)n,
				  from > 0 ? (size_t)from : 0);

	if (o == NULL)
		return control_refuse("that comparison is not known (any "
				      "more); was easbridge restarted?");
	json_object_set_new(o, "ok", json_true());
	return o;
}
