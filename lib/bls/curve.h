/* curve.h - what both groups do alike; included once by the file of each, after its names. */
/*
 * Points of y^2 = x^3 + b in Jacobian coordinates: x/z^2 and y/z^3; infinity has z = 0.
 *
 * CURVE(name)  the names here: dp_g1_add
 * POINT        the type of a point, with x, y and z
 * FIELD(name)  the functions on a coordinate: dp_fp_add
 * ELEMENT      the type of a coordinate
 */

bool CURVE(is_infinity)(const POINT *p)
{
    return FIELD(is_zero)(&p->z);
}

void CURVE(neg)(POINT *out, const POINT *p)
{
    *out = *p;
    FIELD(neg)(&out->y, &p->y);
}

/* "dbl-2009-l" of the Explicit-Formulas Database. */
void CURVE(double)(POINT *out, const POINT *p)
{
    ELEMENT xx, yy, yyyy, slope, t;

    FIELD(sqr)(&xx, &p->x);
    FIELD(sqr)(&yy, &p->y);
    FIELD(sqr)(&yyyy, &yy);
    FIELD(add)(&t, &p->x, &yy);
    FIELD(sqr)(&t, &t);
    FIELD(sub)(&t, &t, &xx);
    FIELD(sub)(&t, &t, &yyyy);
    FIELD(add)(&t, &t, &t);
    FIELD(add)(&slope, &xx, &xx);
    FIELD(add)(&slope, &slope, &xx);
    FIELD(mul)(&out->z, &p->y, &p->z);
    FIELD(add)(&out->z, &out->z, &out->z);
    FIELD(sqr)(&out->x, &slope);
    FIELD(sub)(&out->x, &out->x, &t);
    FIELD(sub)(&out->x, &out->x, &t);
    FIELD(sub)(&t, &t, &out->x);
    FIELD(mul)(&out->y, &slope, &t);
    for (int i = 0; i < 3; i++)
        FIELD(add)(&yyyy, &yyyy, &yyyy);
    FIELD(sub)(&out->y, &out->y, &yyyy);
}

/* x and y of a, and of b, over the same denominators; zz is b's z squared for a's, and so on. */
static void over_common(ELEMENT *x, ELEMENT *y, const POINT *p, const ELEMENT *z)
{
    ELEMENT zz;

    FIELD(sqr)(&zz, z);
    FIELD(mul)(x, &p->x, &zz);
    FIELD(mul)(&zz, &zz, z);
    FIELD(mul)(y, &p->y, &zz);
}

bool CURVE(equal)(const POINT *a, const POINT *b)
{
    ELEMENT ax, ay, bx, by;

    if (CURVE(is_infinity)(a) || CURVE(is_infinity)(b))
        return CURVE(is_infinity)(a) && CURVE(is_infinity)(b);
    over_common(&ax, &ay, a, &b->z);
    over_common(&bx, &by, b, &a->z);
    return FIELD(equal)(&ax, &bx) && FIELD(equal)(&ay, &by);
}

/* "add-1998-cmo-2" there. */
void CURVE(add)(POINT *out, const POINT *a, const POINT *b)
{
    ELEMENT ax, ay, bx, by, hh, z;

    if (CURVE(is_infinity)(a) || CURVE(is_infinity)(b)) {
        *out = CURVE(is_infinity)(a) ? *b : *a;
        return;
    }
    over_common(&ax, &ay, a, &b->z);
    over_common(&bx, &by, b, &a->z);
    if (FIELD(equal)(&ax, &bx) && FIELD(equal)(&ay, &by)) {
        CURVE(double)(out, a);
        return;
    }
    /* From here on bx is the difference of x (0 where the sum is infinity), by that of y. */
    FIELD(sub)(&bx, &bx, &ax);
    FIELD(sub)(&by, &by, &ay);
    FIELD(mul)(&z, &a->z, &b->z);
    FIELD(mul)(&out->z, &z, &bx);
    FIELD(sqr)(&hh, &bx);
    FIELD(mul)(&ax, &ax, &hh);
    FIELD(mul)(&hh, &hh, &bx);
    FIELD(sqr)(&out->x, &by);
    FIELD(sub)(&out->x, &out->x, &hh);
    FIELD(sub)(&out->x, &out->x, &ax);
    FIELD(sub)(&out->x, &out->x, &ax);
    FIELD(sub)(&ax, &ax, &out->x);
    FIELD(mul)(&out->y, &by, &ax);
    FIELD(mul)(&ay, &ay, &hh);
    FIELD(sub)(&out->y, &out->y, &ay);
}

void CURVE(times_x)(POINT *out, const POINT *p)
{
    POINT sum = *p;

    for (int bit = 62; bit >= 0; bit--) {
        CURVE(double)(&sum, &sum);
        if ((DP_BLS_X >> bit & 1) != 0)
            CURVE(add)(&sum, &sum, p);
    }
    *out = sum;
}

void CURVE(affine)(POINT *out, const POINT *p)
{
    ELEMENT inverse, square;

    FIELD(inv)(&inverse, &p->z);
    FIELD(sqr)(&square, &inverse);
    FIELD(mul)(&out->x, &p->x, &square);
    FIELD(mul)(&square, &square, &inverse);
    FIELD(mul)(&out->y, &p->y, &square);
    out->z = FIELD(one);
}
