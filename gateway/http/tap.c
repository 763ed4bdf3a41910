#include "gateway/http/tap.h"

#include <stdlib.h>

#include "base/clock.h"

#define PATIENCE_MS 15000

struct tap {
	uint64_t number; /* 0: free */
	user_id user;
	device_id device;
	int64_t read_ms;
	struct buf text;
	unsigned left_out;
};

struct taps {
	pthread_mutex_t lock;
	atomic_uint open;
	uint64_t numbers;
	struct tap v[TAPS_MAX];
};

struct taps *
taps_new(void)
{
	struct taps *t = xcalloc(1, sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void
close_tap(struct taps *t, struct tap *x)
{
	buf_free(&x->text);
	*x = (struct tap){ .number = 0 };
	atomic_fetch_sub(&t->open, 1);
}

void
taps_free(struct taps **tp)
{
	struct taps *t = *tp;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < TAPS_MAX; i++)
		if (t->v[i].number != 0)
			close_tap(t, &t->v[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
	*tp = NULL;
}

/* Under the lock: those that nobody reads any more. */
static void
expire(struct taps *t)
{
	int64_t now = clock_mono_ms();
	size_t i;

	for (i = 0; i < TAPS_MAX; i++)
		if (t->v[i].number != 0 &&
		    now - t->v[i].read_ms > PATIENCE_MS)
			close_tap(t, &t->v[i]);
}

uint64_t
tap_open(struct gateway *gw, user_id user, device_id device)
{
	struct taps *t = gw->taps;
	uint64_t number = 0;
	size_t i;

	pthread_mutex_lock(&t->lock);
	expire(t);
	for (i = 0; i < TAPS_MAX && t->v[i].number != 0; i++)
		;
	if (i < TAPS_MAX) {
		struct tap *x = &t->v[i];

		*x = (struct tap){ .number = ++t->numbers, .user = user,
				   .device = device,
				   .read_ms = clock_mono_ms() };
		buf_init(&x->text, TAP_BYTES);
		number = x->number;
		atomic_fetch_add(&t->open, 1);
	}
	pthread_mutex_unlock(&t->lock);
	return number;
}

bool
tap_read(struct gateway *gw, uint64_t tap, struct buf *out)
{
	struct taps *t = gw->taps;
	bool found = false;
	size_t i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < TAPS_MAX; i++) {
		struct tap *x = &t->v[i];

		if (tap == 0 || x->number != tap)
			continue;
		found = true;
		x->read_ms = clock_mono_ms();
		buf_span(out, buf_view(&x->text));
		if (x->left_out > 0)
			buf_printf(out, "(%u documents left out)\n",
				   x->left_out);
		x->left_out = 0;
		buf_cut(&x->text, 0);
	}
	expire(t);
	pthread_mutex_unlock(&t->lock);
	return found;
}

static bool
wants(const struct tap *x, user_id user, device_id device)
{
	return x->number != 0 && x->user == user &&
	       (x->device == 0 || x->device == device);
}

bool
tap_wanted(struct gateway *gw, user_id user, device_id device)
{
	struct taps *t = gw->taps;
	bool wanted = false;
	size_t i;

	if (atomic_load(&t->open) == 0)
		return false;
	pthread_mutex_lock(&t->lock);
	expire(t);
	for (i = 0; i < TAPS_MAX; i++)
		wanted = wanted || wants(&t->v[i], user, device);
	pthread_mutex_unlock(&t->lock);
	return wanted;
}

void
tap_put(struct gateway *gw, user_id user, device_id device, struct span text)
{
	struct taps *t = gw->taps;
	size_t i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < TAPS_MAX; i++) {
		struct tap *x = &t->v[i];

		if (!wants(x, user, device))
			continue;
		/* Whole documents, or none of it. */
		if (x->left_out > 0 || x->text.n + text.n > TAP_BYTES)
			x->left_out++;
		else
			buf_span(&x->text, text);
	}
	pthread_mutex_unlock(&t->lock);
}
