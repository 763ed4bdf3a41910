#include "gateway/directory/shelf_private.h"

#include <stdlib.h>

#include "base/clock.h"

#define LOOK_MS 30000 /* between two looks at a source nothing rings for */
#define URGENT_MS 3000 /* ... that was never listed */

struct look {
	user_id user;
	uint32_t coll;
	int64_t at_ms;
};

struct directory {
	pthread_mutex_t lock;
	struct book *first;
	size_t bytes;
	struct look looks[256]; /* a ring: what fell out may look again */
	size_t at;
};

struct directory *
directory_new(void)
{
	struct directory *d = xcalloc(1, sizeof(*d));

	pthread_mutex_init(&d->lock, NULL);
	return d;
}

static void
book_free(struct book *b)
{
	arena_free(&b->arena);
	free(b);
}

void
directory_free(struct directory **dp)
{
	struct directory *d = *dp;
	struct book *b, *next;

	if (d == NULL)
		return;
	for (b = d->first; b != NULL; b = next) {
		next = b->next;
		book_free(b);
	}
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dp = NULL;
}

/* Under the lock, as the next two. */
static void
unref(struct book *b)
{
	if (--b->refs == 0)
		book_free(b);
}

static void
drop(struct directory *d, struct book **at)
{
	struct book *b = *at;

	*at = b->next;
	d->bytes -= arena_size(b->arena);
	unref(b);
}

static void
make_room(struct directory *d)
{
	struct book **at, **oldest;

	while (d->bytes > MAX_DIRECTORY_BYTES && d->first != NULL) {
		oldest = &d->first;
		for (at = &d->first; *at != NULL; at = &(*at)->next)
			if ((*at)->used_ms < (*oldest)->used_ms)
				oldest = at;
		drop(d, oldest);
	}
}

struct book *
shelf_take(struct directory *d, user_id user, uint32_t coll)
{
	struct book *b;

	pthread_mutex_lock(&d->lock);
	for (b = d->first; b != NULL; b = b->next)
		if (b->user == user && b->coll == coll)
			break;
	if (b != NULL) {
		b->refs++;
		b->used_ms = clock_mono_ms();
	}
	pthread_mutex_unlock(&d->lock);
	return b;
}

void
shelf_keep(struct directory *d, struct book *b)
{
	struct book **at;

	pthread_mutex_lock(&d->lock);
	for (at = &d->first; *at != NULL; at = &(*at)->next)
		if ((*at)->user == b->user && (*at)->coll == b->coll) {
			drop(d, at);
			break;
		}
	b->used_ms = clock_mono_ms();
	b->refs++;
	b->next = d->first;
	d->first = b;
	d->bytes += arena_size(b->arena);
	make_room(d);
	pthread_mutex_unlock(&d->lock);
}

void
book_put(struct directory *d, struct book *b)
{
	pthread_mutex_lock(&d->lock);
	unref(b);
	pthread_mutex_unlock(&d->lock);
}

bool
book_may_look(struct directory *d, user_id user, uint32_t coll, bool urgent)
{
	int64_t now = clock_mono_ms();
	struct look *l = NULL;
	bool may;
	size_t i;

	pthread_mutex_lock(&d->lock);
	for (i = 0; i < sizeof(d->looks) / sizeof(*d->looks); i++)
		if (d->looks[i].user == user && d->looks[i].coll == coll)
			l = &d->looks[i];
	may = l == NULL || now - l->at_ms > (urgent ? URGENT_MS : LOOK_MS);
	if (l == NULL) {
		l = &d->looks[d->at];
		d->at = (d->at + 1) % (sizeof(d->looks) / sizeof(*d->looks));
	}
	if (may)
		*l = (struct look){ user, coll, now };
	pthread_mutex_unlock(&d->lock);
	return may;
}
