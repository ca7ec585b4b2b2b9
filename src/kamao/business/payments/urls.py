"""Where providers send their notices: `/pay/notify/<account>`."""

from django.urls import path

from kamao.business.payments import views

app_name = "payments"
urlpatterns = [path("notify/<uuid:account_id>", views.notify, name="notify")]
