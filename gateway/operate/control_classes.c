/* Which classes of items a phone is given. */
#include "gateway/operate/control_private.h"

#include <string.h>

#include "base/item.h"
#include "state/devices.h"

static const char *const words[KIND_COUNT] = {
	[KIND_EMAIL] = "mail",	   [KIND_CONTACT] = "contacts",
	[KIND_EVENT] = "calendar", [KIND_TASK] = "tasks",
	[KIND_NOTE] = "notes",
};

const char *
control_classes(struct question *q, const struct device *d)
{
	const char *s = "";
	size_t i;

	if (d->hidden == 0)
		return "all";
	for (i = 0; i < KIND_COUNT; i++)
		if ((d->hidden & 1u << i) == 0)
			s = arena_printf(q->a, "%s%s%s", s, *s ? "," : "",
					 words[i]);
	return s;
}

static bool
parse(struct span list, uint32_t *hidden, struct err *e)
{
	uint32_t shown = 0;
	size_t i;

	if (span_eq_ci(list, SPAN("all"))) {
		*hidden = 0;
		return true;
	}
	while (list.n > 0) {
		struct span word = span_trim(span_take_until(&list, ','));

		for (i = 0; i < KIND_COUNT; i++)
			if (span_eq_ci(word, span_of(words[i])))
				break;
		if (i == KIND_COUNT)
			return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
				       "\"" SPAN_FMT "\" is no class: known "
				       "are mail, contacts, calendar, tasks, "
				       "notes, and all", SPAN_ARG(word));
		shown |= 1u << i;
	}
	*hidden = ~shown & ((1u << KIND_COUNT) - 1);
	return true;
}

static void
set_hidden(struct device *d, void *ctx)
{
	d->hidden = *(uint32_t *)ctx;
}

bool
control_set_classes(struct question *q, user_id user, const struct device *d,
		    struct err *e)
{
	uint32_t hidden;

	return parse(span_of(control_word(q, "classes")), &hidden, e) &&
	       device_update(q->gw->store, user, d->id, set_hidden, &hidden,
			     e);
}
