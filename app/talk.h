/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a step of a talk does. None of them says anything about the pictures: what is shown is worked out when the step is
 * played. */
typedef enum
{
  OMNI_TALK_WORDS,   /* title and text alone */
  OMNI_TALK_SOURCES, /* the pictures in a row */
  OMNI_TALK_RESULT,  /* the fused picture */
  OMNI_TALK_SHUFFLE, /* another order, fused again */
  OMNI_TALK_ORDERS,  /* every order, or a sample of them */
  OMNI_TALK_CONTROL, /* the same order twice */
  OMNI_TALK_FOIL,    /* a model that depends on the order beside it */
  OMNI_TALK_MAP,     /* the order-sensitivity maps of both */
  OMNI_TALK_BREAK,   /* a running floating-point mean in place of the exact one */
  OMNI_TALK_BLACK    /* a black screen */
} OmniTalkAction;

typedef struct
{
  char *title;
  char *text; /* (nullable) */
  OmniTalkAction action;
} OmniTalkStep;

/* A talk: steps, from a key file whose groups are the steps in their order. The group's name is the title; “Do” names the action
 * ("words", "sources", "result", "shuffle", "orders", "control", "foil", "map", "break", "black"; "words" when it is missing),
 * “Text” is a sentence or two. Both may be translated (“Text[de]”, “Title[de]”). Immutable. */
typedef struct _OmniTalk OmniTalk;

/* The error names `name`, the step and what is possible. */
OmniTalk *omni_talk_new_from_bytes (GBytes *bytes, const char *name, GError **error);
OmniTalk *omni_talk_load (const char *path, GError **error);
void omni_talk_free (OmniTalk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniTalk, omni_talk_free)

guint omni_talk_get_n_steps (const OmniTalk *self);
const OmniTalkStep *omni_talk_get_step (const OmniTalk *self, guint index);

G_END_DECLS
