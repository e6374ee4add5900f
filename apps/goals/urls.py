from django.urls import path

from apps.goals import views

urlpatterns = [
    path("sprint-board", views.board, name="board"),
    path("goals/add", views.add, name="goal_add"),
    path("goals/archive", views.archive, name="goal_archive"),
    # By the row's own id, because an agent may call a goal anything: "archive", "a/b", "" ...
    path("goals/<uuid:pk>", views.goal, name="goal"),
    path("goals/<uuid:pk>/move", views.move, name="goal_move"),
    path("goals/<uuid:pk>/delete", views.delete, name="goal_delete"),
    path("goals/<path:goal_id>", views.goal_by_name, name="goal_by_name"),
]
