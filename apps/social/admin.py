from django.contrib import admin

from apps.core.admin_base import WarehouseAdmin, excerpt
from apps.core.admin_filters import NamesFilter
from apps.social.models import SocialPost


@admin.register(SocialPost)
class SocialPostAdmin(WarehouseAdmin):
    list_display = ["posted_at", "platform", excerpt("content"), "visibility", "post_id", excerpt("url", 40)]
    list_filter = [("platform", NamesFilter), ("visibility", NamesFilter)]
    search_fields = ["content", "post_id"]
    search_help_text = "Words of the post, the platform's id of it, or an id."
    date_hierarchy = "posted_at"
    ordering = ["-posted_at"]
    autocomplete_fields = ["reply_to"]
    one_line = ["url"]

    def get_search_results(self, request, queryset, search_term):
        if request.path.endswith("/autocomplete/"):
            # Replies point to the platform's id, which a post has only once it is published.
            queryset = queryset.exclude(post_id=None)
        return super().get_search_results(request, queryset, search_term)
