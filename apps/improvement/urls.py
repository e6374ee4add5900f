from django.urls import path

from apps.improvement.views import lessons, proposals

# The page of one proposal is the warehouse's: it shows what became of it in the telemetry.
urlpatterns = [
    path("lessons", lessons.lessons, name="lessons"),
    path("lessons/duplicates", lessons.duplicates, name="lesson_duplicates"),
    path("lessons/merge", lessons.merge, name="merge_lessons"),
    path("lessons/merges/<int:pk>/undo", lessons.undo_merge, name="undo_lesson_merge"),
    path("lessons/<uuid:pk>", lessons.lesson, name="lesson"),
    path("proposals", proposals.proposals, name="proposals"),
    path("proposals/review", proposals.review_several, name="review_proposals"),
    path("proposals/<uuid:pk>/review", proposals.review, name="review_proposal"),
    path("proposals/<uuid:pk>/<slug:side>.txt", proposals.code, name="proposal_code"),
]
