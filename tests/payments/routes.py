"""The notice door alone, at the path where the node has it: these tests are about payments, not about other
pages.
"""

from django.urls import include, path

urlpatterns = [path("pay/", include("kamao.business.payments.urls"))]
