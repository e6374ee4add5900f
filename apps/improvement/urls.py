from django.urls import path

from apps.improvement import views

# The page of one proposal is the warehouse's: it shows what became of it in the telemetry.
urlpatterns = [
    path("proposals", views.proposals, name="proposals"),
    path("proposals/review", views.review_several, name="review_proposals"),
    path("proposals/<uuid:pk>/review", views.review, name="review_proposal"),
    path("proposals/<uuid:pk>/<slug:side>.txt", views.code, name="proposal_code"),
]
