/* Can two names be one person's? In doubt they cannot. */
#include <string.h>

#include "translate/contacts/link_private.h"

/* Short forms that are in nobody else's passport. Forms of both sexes (Chris,
 * Alex, Sam) are in several rows. */
static const char *const nicknames[] = {
	" alexander alex alec sascha sasha xander ",
	" alexandra alex sandra sascha sasha lexi ",
	" andreas andi andy ", " andrew andy drew ", " anthony tony ",
	" antonio toni tony ", " anton toni ", " benjamin ben benny ",
	" bernhard bernd ", " charles charlie chuck ", " christian chris ",
	" christina chris tina ", " christine chris tina ",
	" christopher chris kit topher ", " christoph chris ",
	" daniel dan danny ", " david dave ", " dorothea doro ",
	" edward ed eddie ted ", " elisabeth lisa lisbeth sissi elli ",
	" elizabeth liz lizzie beth betty eliza ", " franziska franzi ",
	" frederick fred freddy ", " friedrich fritz ", " gabriele gabi ",
	" georg schorsch ", " gregory greg ", " hans hansi ",
	" heinrich heiner heinz ", " henry harry hank ", " jacob jake ",
	" jakob jake ", " james jim jimmy jamie ", " jennifer jenny jen ",
	" johann hans ", " johannes hannes hans ", " john jack johnny ",
	" jonathan jon ", " joseph joe joey ", " josef sepp ",
	" katharina kathi katha ", " katherine kate kathy katie ",
	" kenneth ken ", " lawrence larry ", " lukas luki ",
	" manuel manu ", " manuela manu ", " margaret maggie peggy meg ",
	" margarete grete ", " maximilian max ", " matthew matt ",
	" matthias matze hias ", " michael mike mick mickey michi ",
	" michaela michi ", " nicholas nick ", " nikolaus klaus niko ",
	" patricia pat patty trish ", " patrick pat paddy ",
	" peter pete ", " philip phil ", " philipp phil ",
	" rebecca becky ", " richard dick rick rich ",
	" robert bob bobby rob robbie ", " ronald ron ",
	" samantha sam ", " samuel sam sammy ", " sebastian basti wastl ",
	" siegfried sigi ", " stefan steffen ", " stephanie steffi ",
	" stefanie steffi ", " stephen steve ", " steven steve ",
	" susanne susi ", " susan sue susie ", " theodore ted theo ",
	" thomas tom tommy ", " timothy tim ", " ulrich uli ",
	" ulrike uli ", " victoria vicky ", " vincent vince ",
	" walter walt ", " werner wern ", " william bill billy will liam ",
	" wilhelm willi willy ", " wolfgang wolfi ", " zachary zach ",
};

static bool
in_row(const char *row, struct span word)
{
	const char *at = row;
	size_t n = word.n;

	for (; (at = strchr(at, ' ')) != NULL && at[1] != '\0'; at++)
		if (strncmp(at + 1, word.p, n) == 0 && at[1 + n] == ' ')
			return true;
	return false;
}

/* Is one the short form of the other? Two short forms of one name are not
 * enough: Ted is Edward's and Theodore's. */
static bool
is_short_form(struct span a, struct span b)
{
	size_t i;

	if (a.n == 0 || b.n == 0)
		return false;
	for (i = 0; i < sizeof(nicknames) / sizeof(nicknames[0]); i++) {
		struct span full = span_of(nicknames[i] + 1);

		full = span_take_until(&full, ' ');
		if ((span_eq(full, a) && in_row(nicknames[i], b)) ||
		    (span_eq(full, b) && in_row(nicknames[i], a)))
			return true;
	}
	return false;
}

/* ---- words -----------------------------------------------------------------*/

static struct span
first_word(struct span s)
{
	return span_take_until(&s, ' ');
}

/* Length of the first character. */
static size_t
first_char(struct span s)
{
	size_t n = s.n > 0;

	while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static bool
is_initial_of(struct span initial, struct span word)
{
	return initial.n > 0 && initial.n == first_char(initial) &&
	       word.n > initial.n && span_starts(word, initial);
}

#define MAX_NAME_WORDS 12

static size_t
words_of(struct span s, struct span *out, size_t n)
{
	while (s.n > 0 && n < MAX_NAME_WORDS)
		out[n++] = span_take_until(&s, ' ');
	return n;
}

/* The same words in any order: "Li Wei" is told first name first by some
 * and last name first by others. */
static bool
same_words(struct span a1, struct span a2, struct span b1, struct span b2)
{
	struct span x[MAX_NAME_WORDS], y[MAX_NAME_WORDS];
	size_t n = words_of(a2, x, words_of(a1, x, 0));
	size_t m = words_of(b2, y, words_of(b1, y, 0)), i, j;

	if (n != m || n == 0)
		return false;
	for (i = 0; i < n; i++) {
		for (j = 0; j < m && !(y[j].n && span_eq(x[i], y[j])); j++)
			;
		if (j == m)
			return false;
		y[j] = SPAN_NONE;
	}
	return true;
}

/* ---- parts ------------------------------------------------------------------*/

static enum link_names
one_word(struct span a, struct span b)
{
	if (span_eq(a, b))
		return LINK_SAME;
	if (is_initial_of(a, b) || is_initial_of(b, a) || is_short_form(a, b))
		return LINK_LIKELY;
	return LINK_DIFFERENT;
}

/* Anna, Anna Maria, Anna M.; but Anna Maria is not Anna Luise. */
static enum link_names
given_names(struct span a, struct span b)
{
	enum link_names all = LINK_SAME, one;

	while (a.n > 0 && b.n > 0) {
		one = one_word(span_take_until(&a, ' '),
			       span_take_until(&b, ' '));
		if (one < all)
			all = one;
	}
	return all == LINK_SAME && (a.n > 0 || b.n > 0) ? LINK_LIKELY : all;
}

static enum link_names
people(const struct link_name *a, int i, const struct link_name *b, int j)
{
	struct span fa = a->family[i], fb = b->family[j];
	struct span ga = a->given[i], gb = b->given[j];

	if (same_words(fa, ga, fb, gb))
		return LINK_SAME;
	if (ga.n == 0 && gb.n == 0)
		return LINK_DIFFERENT;
	/* "Anna" alone can be Anna Meier; "Meier" alone can be any of them. */
	if (fa.n == 0 || fb.n == 0) {
		if (fa.n + ga.n == 0 || fb.n + gb.n == 0)
			return LINK_LIKELY;
		return one_word(first_word(ga), first_word(gb)) !=
				       LINK_DIFFERENT &&
				       ga.n && gb.n
			       ? LINK_LIKELY
			       : LINK_DIFFERENT;
	}
	if (!span_eq(fa, fb) || ga.n == 0 || gb.n == 0)
		return LINK_DIFFERENT;
	return given_names(ga, gb);
}

static bool
is_nameless(const struct link_name *n)
{
	return n->family[0].n == 0 && n->given[0].n == 0;
}

/* Two dates of birth; one without a year is judged by day and month. */
static bool
birthdays_differ(const struct link_card *a, const struct link_card *b)
{
	return a->birthday != LINK_NO_BIRTHDAY &&
	       b->birthday != LINK_NO_BIRTHDAY && a->birthday != b->birthday;
}

enum link_names
link_names(const struct link_card *a, const struct link_card *b)
{
	enum link_names best = LINK_DIFFERENT, now;
	int i, j;

	if (a->never || b->never || birthdays_differ(a, b) ||
	    a->name.company != b->name.company ||
	    (a->name.suffix.n > 0 && b->name.suffix.n > 0 &&
	     !span_eq(a->name.suffix, b->name.suffix)))
		return LINK_DIFFERENT;
	if (is_nameless(&a->name) || is_nameless(&b->name))
		return LINK_LIKELY;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++) {
			now = people(&a->name, i, &b->name, j);
			if (now > best)
				best = now;
		}
	if (best == LINK_SAME && a->name.suffix.n != b->name.suffix.n)
		return LINK_LIKELY; /* John Smith and John Smith Jr */
	return best;
}
