from hotglue_smoke_test.vcr.tap import VCRTapTestRunner


class People(VCRTapTestRunner):
    def module(self):
        return "tap_people"

    def launch(self):
        from tap_people import TapPeople

        TapPeople.cli()


if __name__ == "__main__":
    People.main()
