#include "gateway/items/sender.h"

#include "base/clock.h"
#include "gateway/config/config.h"

struct compose_user
sender_of(struct request *r, int source, struct span token)
{
	const struct user_conf *u = r->user;
	bool further = source > 0 && u->sources[source].n_emails > 0;
	size_t n = further ? u->sources[source].n_emails : u->n_emails, i;
	struct span *own = arena_array(r->arena, n + 1, sizeof(*own));

	for (i = 0; i < n; i++)
		own[i] = span_of(further ? u->sources[source].emails[i]
					 : u->emails[i]);
	return (struct compose_user){ .own = own, .n_own = n,
				      .name = span_of(u->name),
				      .now = clock_wall(), .token = token };
}
