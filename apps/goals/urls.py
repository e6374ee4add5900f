from django.urls import path

from apps.goals import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sprint-board", views.board, name="board"),
    path("goals/add", views.add, name="goal_add"),
    path("goals/archive", views.archive, name="goal_archive"),
    path("goals/<path:goal_id>/move", views.move, name="goal_move"),
    path("goals/<path:goal_id>/delete", views.delete, name="goal_delete"),
    path("goals/<path:goal_id>", views.goal, name="goal"),
]
