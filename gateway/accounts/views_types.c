/* What phones of a type can show only one of. From reports about clients, not
 * from a specification: in doubt a phone gets every collection there is. */
#include "gateway/accounts/views.h"

#define CAL (1u << KIND_EVENT)
#define BOOK (1u << KIND_CONTACT)
#define TASK (1u << KIND_TASK)
#define NOTE (1u << KIND_NOTE)

static const struct {
	const char *type;  /* DeviceType begins so; NULL: any */
	const char *agent; /* User-Agent has this; NULL: any */
	unsigned merged;
} types[] = {
	{ "SAMSUNG", NULL, CAL | BOOK | TASK | NOTE },
	{ NULL, "SAMSUNG-", CAL | BOOK | TASK | NOTE },
	/* Desktop first: both begin alike. */
	{ "WindowsOutlook", NULL, BOOK },
	{ "Outlook", NULL, CAL | BOOK | TASK | NOTE },
	{ NULL, "Outlook-iOS-Android", CAL | BOOK | TASK | NOTE },
	/* Android's own Exchange app; many calendars since 4.4. */
	{ NULL, "-EAS-2.0", BOOK | TASK | NOTE },
	{ NULL, "-EAS-1.", CAL | BOOK | TASK | NOTE },
};

static bool
holds(struct span text, struct span part)
{
	size_t i;

	for (i = 0; i + part.n <= text.n; i++)
		if (span_starts_ci(span_from_at(text, i), part))
			return true;
	return false;
}

unsigned
views_of_type(struct span type, struct span user_agent)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((types[i].type == NULL ||
		     span_starts_ci(type, span_of(types[i].type))) &&
		    (types[i].agent == NULL ||
		     holds(user_agent, span_of(types[i].agent))))
			return types[i].merged;
	return 0;
}

unsigned
views_merged(const struct user_conf *u, const struct device *d)
{
	enum view_mode mode = d->view != VIEW_AUTO ? d->view : u->views;
	unsigned all = CAL | BOOK | TASK | NOTE;
	unsigned inbox = u->merge_inbox ? 1u << KIND_EMAIL : 0;

	if (mode == VIEW_MERGED)
		return inbox | all;
	if (mode == VIEW_SEPARATE)
		return inbox;
	return inbox | views_of_type(d->type, d->user_agent);
}
