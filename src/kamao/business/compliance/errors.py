"""What compliance refuses: stable codes with the next step in both languages. A decision's own text goes
before these.
"""

from kamao.kernel.errors import problem

BLOCKED = problem(
    "purchase_blocked", 403, title_zh="无法购买", title_en="Purchase not possible",
    detail_zh="暂时无法购买，请联系客服申诉。",
    detail_en="This purchase cannot be made now. Contact support to appeal.",
)  # fmt: skip
CAP_REACHED = problem(
    "daily_cap_reached", 409, title_zh="已到当日上限", title_en="Daily limit reached",
    detail_zh="今天的购买量已到上限，请明天再买。",
    detail_en="The limit for today is reached. Come back tomorrow.",
)  # fmt: skip
CAPTCHA_REQUIRED = problem(
    "captcha_required", 403, title_zh="需要验证码", title_en="Picture check needed",
    detail_zh="请先完成图片验证码再继续。",
    detail_en="Solve the picture first, then go on.",
)  # fmt: skip
IDENTITY_REQUIRED = problem(
    "identity_step_required", 403, title_zh="需要身份验证", title_en="Identity step needed",
    detail_zh="请先完成手机验证码或登录会员。",
    detail_en="Verify your phone number or sign in as a member first.",
)  # fmt: skip
TICK_REQUIRED = problem(
    "confirmation_required", 422, title_zh="需要勾选确认", title_en="Confirmation needed",
    detail_zh="请勾选“不支持七天无理由退货”的确认后再付款。",
    detail_en="Tick the confirmation that codes are not returnable, then pay.",
)  # fmt: skip
CODE_WRONG = problem(
    "phone_code_wrong", 422, title_zh="验证码不对", title_en="Wrong code",
    detail_zh="验证码不对或已失效，请重新输入或重新获取。",
    detail_en="The code is wrong or no longer valid. Type it again or ask for a new one.",
)  # fmt: skip
PHONE_INVALID = problem(
    "phone_invalid", 422, title_zh="手机号不对", title_en="Phone number not valid",
    detail_zh="请输入 11 位中国大陆手机号。",
    detail_en="Enter a mobile number of mainland China with 11 digits.",
)  # fmt: skip
