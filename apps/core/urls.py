from django.contrib.auth import views as auth
from django.urls import path

from apps.core import gallery, views

urlpatterns = [
    path("login", auth.LoginView.as_view(template_name="core/login.html"), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path(
        "password",
        auth.PasswordChangeView.as_view(template_name="core/password.html", success_url="/"),
        name="password_change",
    ),
    path("settings", views.settings_page, name="settings"),
    path("views", views.save_view, name="save_view"),
    path("views/<int:pk>/delete", views.delete_view, name="delete_view"),
    path("_charts", gallery.chart_gallery, name="chart_gallery"),
]
