/* {"do": "trace"} opens a tap on a user's phones; {"do": "tap"} tells what
 * came since the last time. */
#include "gateway/operate/control_private.h"

#include "gateway/config/config.h"
#include "gateway/http/tap.h"
#include "state/devices.h"

json_t *
control_trace(struct question *q)
{
	const char *login = control_login(q);
	struct user_conf *u = config_user(q->conf, login);
	struct device *d = NULL;
	json_t *refused = NULL;
	uint64_t n;

	if (u == NULL)
		return control_refuse(arena_printf(
			q->a, "nobody has the login \"%s\": \"easbridge "
			      "users\" shows who is known", login));
	user_conf_put(&u);
	if (control_word(q, "device")[0] != '\0') {
		d = control_device(q, login, &refused);
		if (d == NULL)
			return refused;
	}
	n = tap_open(q->gw, user_of(span_of(login)),
		     d ? device_of(d->id) : 0);
	if (n == 0)
		return control_refuse("too many look on already");
	return json_pack("{sbsI}", "ok", 1, "tap", (json_int_t)n);
}

json_t *
control_tap(struct question *q)
{
	json_int_t n = json_integer_value(json_object_get(q->q, "tap"));
	struct buf b = BUF_INIT(TAP_BYTES + 1024);
	json_t *o;

	if (!tap_read(q->gw, (uint64_t)n, &b))
		o = control_refuse("nobody looked for 15 seconds: the trace "
				   "has ended");
	else
		o = json_pack("{sbso}", "ok", 1, "text",
			      control_text(buf_view(&b)));
	buf_free(&b);
	return o;
}
