#include "gateway/accounts/branch.h"

#define BRANCH SPAN("\001branch")

void
branch_make(struct arena *a, struct span name, struct folder **v, size_t *n)
{
	struct folder *all = arena_array(a, *n + 1, sizeof(*all));
	size_t i;

	all[0] = (struct folder){ .remote = BRANCH, .name = name,
				  .kind = KIND_EMAIL,
				  .type = FOLDER_USER_MAIL,
				  .no_select = true };
	for (i = 0; i < *n; i++) {
		all[i + 1] = (*v)[i];
		if (all[i + 1].parent.n == 0 && all[i + 1].kind == KIND_EMAIL)
			all[i + 1].parent = BRANCH;
	}
	*v = all;
	(*n)++;
}

bool
branch_is(struct span remote)
{
	return span_eq(remote, BRANCH);
}

struct span
branch_remote(const struct coll *c)
{
	return span_eq(c->remote, BRANCH) ? SPAN_NONE : c->remote;
}
