def test_an_order_is_delivered_at_once(either_api, world, merchant):
    goods = world.goods(price_e4=145_050, codes=2)
    answer = either_api.post(
        "/orders", key=merchant.key, json={"sku": goods.code, "quantity": 2, "reference": "A-1001"}
    )
    assert answer.status_code == 201, answer.text
    print(answer.json(), answer.headers)
    assert world.balance(merchant.id) == 100_000 - 2901
